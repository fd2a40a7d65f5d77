import type { JsonValue } from "@troupe/core";
import type { TeamRole } from "../../turn/role.ts";
import type { StateReader } from "./state-reader.ts";

/** What a team's strategy remembers, and its adviser. */
interface RestoredMemory {
  readonly memory: JsonValue;
  readonly adviser?: JsonValue;
}

/**
 * What AutoGen's manager remembers, as the strategy of the same team remembers it here.
 *
 * @throws TeamError `run.invalid_snapshot` for a manager that is not known, or somebody who is not in the team.
 */
export function readMemory(manager: StateReader, team: TeamRole): RestoredMemory {
  const type = manager.at("type").words;
  if (!isOfKind(type, team)) throw manager.invalid(`is that of another kind of team than "${team.name}"`);
  switch (type) {
    case "RoundRobinManagerState":
      return { memory: manager.at("next_speaker_index").integer() };
    case "SelectorManagerState": {
      const previous = manager.at("previous_speaker");
      return { memory: { previous: previous.isThere ? memberIn(previous, team) : null, failures: 0, asked: [] } };
    }
    case "SwarmManagerState":
      return { memory: { current: memberIn(manager.at("current_speaker"), team), next: null } };
    case "MagenticOneOrchestratorState":
      return {
        memory: { stalls: manager.at("n_stalls").integer(), replans: 0, last: null },
        adviser: {
          task: manager.at("task").text(),
          facts: manager.at("facts").text(),
          plan: manager.at("plan").text(),
        },
      };
    case undefined:
      if (manager.at("remaining").isThere) return { memory: readGraph(manager, team) };
      throw manager.invalid("is the state of no manager");
    default:
      throw manager.at("type").invalid(`is "${type}", the state of a manager that is not known`);
  }
}

/** Teams show their kind by whom they ask and when; those that ask nobody cannot be told apart. */
function isOfKind(type: string | undefined, { adviser, schedulesEach = false }: TeamRole): boolean {
  if (type === "SelectorManagerState") return adviser?.name === "SelectorGroupChatManager";
  if (type === "MagenticOneOrchestratorState") return adviser?.name === "MagenticOneOrchestrator";
  return adviser === undefined && schedulesEach === (type === undefined);
}

function memberIn(name: StateReader, team: TeamRole): string {
  const given = name.text();
  if (team.participants.has(given)) return given;
  throw name.invalid(`is "${given}", who is not in team "${team.name}"`);
}

/**
 * A graph that is to start: null, from its start. One that stopped on the way: the nodes that were next. AutoGen counts how many branches a join
 * still waits for, and not which: a join that had begun to fill waits for all of them again.
 */
function readGraph(manager: StateReader, team: TeamRole): JsonValue {
  const started = manager.at("message_thread").items().length > 0;
  const ready = manager
    .at("ready")
    .items()
    .map((node) => memberIn(node, team));
  if (!started || ready.length === 0) return null;
  return {
    version: 1,
    ready: ready.map((node) => ({ node, after: {} })),
    working: [],
    failed: [],
    arrived: {},
    rounds: {},
    branchRounds: {},
    lost: [],
  };
}
