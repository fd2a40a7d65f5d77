import {
  type AgentDefinition,
  type AgentRuntime,
  ConfigError,
  defineAgent,
  type JsonObject,
  type Settlement,
  TeamError,
} from "@troupe/core";
import type { PriceTable } from "@troupe/llm";
import type { WatchEnd } from "../guard/watch/run-watch.ts";
import { contextMissing } from "./context/define-context.ts";
import { RunValueStore } from "./context/run-value-store.ts";
import { declareLists } from "../turn/own-lists.ts";
import { takeAgentTurn } from "../turn/participant.ts";
import {
  type CellContext,
  cellLists,
  type CellState,
  ChangeMembers,
  Interject,
  RenameRun,
  RunTeam,
  StartRun,
  StartTeam,
  StopRun,
  TakeTurn,
  type TakeTurnPayload,
  TeamEnded,
  type TurnReply,
} from "../turn/protocol.ts";
import {
  type AgentRole,
  finishAt,
  makesCalls,
  membersOf,
  needsOf,
  peopleIn,
  policiesAt,
  type Role,
  roleAt,
  type TeamRole,
} from "../turn/role.ts";
import type { LiveFaults } from "../message/live-faults.ts";
import {
  createEnvironment,
  readBudget,
  readLoopLimit,
  type RunIdentity,
  type TurnEnvironment,
} from "../turn/run-resources.ts";
import { failedReply } from "../turn/run-inner.ts";
import { formatCell, parseKey } from "../manager/cell-address.ts";
import { runInlineTeam } from "../manager/inline-team.ts";
import { Manager } from "../manager/manager.ts";
import type { ManagerPlace } from "../manager/manager-outbox.ts";

/** A runner on a runtime: its agent type, registered. */
export interface RunnerBinding {
  readonly runtime: AgentRuntime;
  readonly definition: AgentDefinition;
  /**
   * Resolves when the type is registered.
   *
   * @throws ConfigError `config.duplicate_agent` when another runner has the name, `config.invalid_definition` without a name of its own on
   * a store that outlives the process (C26).
   */
  readonly ready: Promise<void>;
  readonly faults: LiveFaults;
  /** What the runs of this process were given. */
  readonly values: RunValueStore;
  /** True when the definition says what its runs must be given. */
  readonly needsValues: boolean;
}

/** Where a runner is registered, and what its models cost. */
export interface BindingOptions {
  readonly runtime: AgentRuntime;
  readonly prices: PriceTable;
  /** False when the runner's name is only its class's. */
  readonly isNamed: boolean;
}

/** Makes the one agent type of a runner, managers and participants alike, and registers it (C26). */
export function bindRunner(root: TeamRole, { runtime, prices, isNamed }: BindingOptions): RunnerBinding {
  const cancel = (run: { readonly cell: string; readonly runId: string }, detail: JsonObject): void => {
    const cancelling = runtime.control(run.cell, run.runId, { kind: "cancel", detail });
    cancelling.catch((error: unknown) => runtime.report(error, `end of run "${run.runId}", whose time is over`));
  };
  const values = new RunValueStore(runtime.clock, (runId, name) =>
    runtime.report(contextMissing(name), `run "${runId}", which waits for it`),
  );
  const environment = createEnvironment({
    clock: runtime.clock,
    prices,
    people: peopleIn(root),
    needs: needsOf(root),
    valuesOf: (runId, stored) => values.valuesOf(runId, stored),
    waitForValues: (waiting) => values.wait(waiting),
    // A reader whose signal is aborted shows what is there, and ends.
    readEvents: (cell, runId) => runtime.events(cell, { runId, signal: AbortSignal.abort() }),
    watchLoss: runtime.isDurable ? (cell, runId, onLost) => watchLoss(runtime, { cell, runId }, onLost) : undefined,
    onTimeOver: ({ cell, runId, detail }) => cancel({ cell, runId }, { by: "budget", text: detail }),
    lastsMs: root.termination?.deadlineMs,
    onWatchEnd: ({ cell, runId, end }) => cancel({ cell, runId }, describeWatchEnd(root, end)),
    onStall: (runId, text) => runtime.report(stalled(text), `run "${runId}"`),
  });
  const definition = defineRunner(root, environment);
  const registered = isNamed || !runtime.isDurable ? runtime.register(definition) : Promise.reject(nameless(root.name));
  const ready = makesCalls(root) ? registered.then(() => prepareCalls(environment)) : registered;
  return { runtime, definition, ready, faults: environment.faults, values, needsValues: environment.needs.length > 0 };
}

/** What turns will need is there before the first one begins. Where it cannot be loaded, the call that needs it asks again, and says so. */
async function prepareCalls(environment: TurnEnvironment): Promise<void> {
  try {
    await environment.loadCalls();
  } catch {
    // See above.
  }
}

/** A local reader behind the last event shows nothing; it ends, or throws, when this process does not hold the cell any more. */
function watchLoss(
  runtime: AgentRuntime,
  { cell, runId }: { readonly cell: string; readonly runId: string },
  onLost: () => void,
): () => void {
  const stopping = new AbortController();
  const watch = async (): Promise<void> => {
    const reading = { runId, from: Number.MAX_SAFE_INTEGER, isLocal: true, signal: stopping.signal };
    for await (const _event of runtime.events(cell, reading)) break;
    if (!stopping.signal.aborted) onLost();
  };
  watch().catch(onLost);
  return () => stopping.abort("over");
}

function describeWatchEnd({ termination }: TeamRole, { by, text }: WatchEnd): JsonObject {
  if (by === "stall") return { by, text };
  const lastsMs = termination?.deadlineMs ?? 0;
  return { by, condition: termination?.name ?? "", text: `${lastsMs} ms of at most ${lastsMs} ms have passed` };
}

function stalled(text: string): TeamError {
  return new TeamError("run.stalled", text, {
    remedy: "Give what is awaited a time limit, or let the run end by itself: stall: { afterMs, ends: true }.",
  });
}

function nameless(className: string): ConfigError {
  return new ConfigError(
    "config.invalid_definition",
    `A stored run needs the name of its team; this one is only a "${className}"`,
    {
      remedy: 'Give the team a name of its own: new RoundRobinGroupChat({ name: "orders", ... }).',
      details: { className },
    },
  );
}

/** 30 days: no limit in practice, within what timers can hold. */
const maxTurnMs = 2_592_000_000;
const minIdleMs = 600_000;

function longestStep(role: Role): number {
  const own = role.kind === "agent" ? role.longestStepMs : 0;
  return Math.max(own, ...membersOf(role).map(longestStep));
}

function defineRunner(root: TeamRole, environment: TurnEnvironment): AgentDefinition {
  const managerOf = (core: CellContext): Manager => openManager({ root, environment }, core);
  return defineAgent({
    type: root.name,
    state: (): CellState => ({}),
    lists: { ...cellLists, ...declareLists(root) },
    cell: (key) => formatCell(root.name, key),
    // The budget limits the time of a run; a turn alone is only cut when nothing happens in it for longer than its steps may take.
    wallLimitMs: maxTurnMs,
    idleLimitMs: Math.max(minIdleMs, 2 * longestStep(root)),
    handlers: (on) => [
      on.request(StartRun, (payload, core) => managerOf(core).start(payload)),
      on.event(StopRun, (payload, core) => managerOf(core).stop(payload.runId)),
      on.event(RenameRun, (payload, core) => managerOf(core).rename(payload)),
      on.request(ChangeMembers, (payload, core) => managerOf(core).changeMembers(payload)),
      on.event(Interject, (payload, core) => managerOf(core).interject(payload.runId, payload.messages)),
      on.request(TakeTurn, (payload, core) => {
        const { path } = parseKey(core.id.key);
        const role = agentAt(root, path);
        const cell = formatCell(root.name, core.id.key);
        const rules = { policies: policiesAt(root, path), finish: finishAt(root, path) };
        return takeAgentTurn({ role, path, cell, environment, ...rules }, payload, core);
      }),
      on.settled(TakeTurn, (settlement, core) => managerOf(core).settled(settlement.tag, toReply(settlement, core))),
      on.request(RunTeam, (payload, core) => runInline({ root, environment }, payload, core)),
      on.event(StartTeam, (payload, core) => managerOf(core).startTeam(payload)),
      on.event(TeamEnded, (payload, core) => managerOf(core).settled(payload.tag, payload.reply)),
    ],
  });
}

interface RunnerParts {
  readonly root: TeamRole;
  readonly environment: TurnEnvironment;
}

function openManager(parts: RunnerParts, core: CellContext): Manager {
  const place = placeOf(parts, core);
  return new Manager(teamAt(parts.root, place), place);
}

function runInline(parts: RunnerParts, payload: TakeTurnPayload, core: CellContext): Promise<TurnReply> {
  const place = placeOf(parts, core);
  return runInlineTeam(teamAt(parts.root, place), place, payload);
}

function teamAt(root: TeamRole, { path }: ManagerPlace): TeamRole {
  const role = roleAt(root, path);
  if (role?.kind !== "team") throw new Error(`"${path.join("/")}" is not a team of "${root.name}"`);
  return role;
}

function placeOf({ root, environment }: RunnerParts, core: CellContext): ManagerPlace {
  const { sessionId, path } = parseKey(core.id.key);
  const cell = formatCell(root.name, core.id.key);
  // The manager of a fork learns its run's new id later than its messages carry it.
  const run: RunIdentity = core.run ?? { runId: "" };
  return {
    type: root.name,
    sessionId,
    path,
    core,
    budget: readBudget(run.inherited),
    loops: { limit: readLoopLimit(run.inherited), people: environment.people },
    begin: () => environment.begin(run, cell),
    noteFault: (error) => environment.faults.note(run.runId, error),
    close: () => environment.close(run.runId),
  };
}

function agentAt(root: TeamRole, path: readonly string[]): AgentRole {
  const role = roleAt(root, path);
  if (role?.kind === "agent") return role;
  throw new Error(`"${path.join("/")}" is not an agent of "${root.name}"`);
}

/** A request that failed is an answer too: the manager handles all ends in one place. */
function toReply(settlement: Settlement<TurnReply>, core: CellContext): TurnReply {
  if (settlement.kind === "reply") return settlement.reply;
  const speaker = settlement.tag.slice(settlement.tag.lastIndexOf(":") + 1);
  return failedReply(settlement.error, [...parseKey(core.id.key).path, speaker]);
}
