import { isPromiseLike } from "../../async/index.ts";
import { trustType } from "../../agent/index.ts";
import { type JsonValue, StateError } from "../../errors/index.ts";
import { type AgentId, formatAgentId } from "../../identity/index.ts";
import { freezeJson, type AgentImage } from "../../store/index.ts";
import type { AgentSnapshot } from "../agent-runtime.ts";
import type { Activation } from "../delivery/activation.ts";
import { isOwnedElsewhere } from "../owner/owned-elsewhere.ts";
import type { Engine } from "../engine.ts";
import { foldLog } from "./fold-log.ts";

/**
 * The committed state and lists of an agent, whoever owns it; undefined when it equals its initial state.
 *
 * @throws DeliveryError `delivery.deadline_exceeded` when its owner in another process does not answer.
 */
export async function readSnapshot(engine: Engine, id: AgentId): Promise<AgentSnapshot | undefined> {
  const { initialJson } = engine.directory.get(id);
  try {
    return await engine.agents.with(id, (agent) => toSnapshot(agent.image(), initialJson));
  } catch (error) {
    if (!isOwnedElsewhere(error)) throw error;
    const stored = await readStored(engine, id);
    if (stored !== undefined) return toSnapshot(stored.image, initialJson);
    // Its log does not reach back to its beginning: its owner knows.
    const told = await engine.remote.ask(engine.directory.cellOf(id), { kind: "snapshot", agent: id });
    return told === null ? undefined : trustType<AgentSnapshot>(told);
  }
}

function toSnapshot(image: AgentImage | undefined, initialJson: string): AgentSnapshot | undefined {
  if (image === undefined) return undefined;
  const lists = Object.fromEntries(Object.entries(image.lists).map(([name, items]) => [name, [...items]]));
  return { state: trustType<JsonValue>(JSON.parse(image.state ?? initialJson)), lists };
}

/** What the log of another process's cell says of an agent; undefined when the log is not whole. */
async function readStored(
  engine: Engine,
  id: AgentId,
): Promise<{ readonly image: AgentImage | undefined } | undefined> {
  const cell = engine.directory.cellOf(id);
  const [row] = await engine.store.cells({ cell });
  const records = await engine.store.read(cell);
  if (row === undefined || records.length < row.position) return undefined;
  return { image: foldLog(records, new Map()).agents.get(formatAgentId(id)) };
}

/** Replaces the state and lists of an agent that is not in a turn. @throws StateError `state.busy`. */
export async function writeSnapshot(engine: Engine, id: AgentId, snapshot: AgentSnapshot): Promise<void> {
  await engine.agents.with(id, (agent) => load(engine, agent, snapshot));
}

async function load(engine: Engine, agent: Activation, snapshot: AgentSnapshot): Promise<void> {
  if (!agent.isAtRest) throw busy(agent.key);
  const { id } = agent;
  const state = freezeJson(snapshot.state, `state of "${agent.key}"`, engine.limits.maxStateBytes);
  const lists = Object.fromEntries(
    Object.entries(snapshot.lists).map(([name, items]) => [
      name,
      items.map((item) => freezeJson(item, `item of list "${name}"`)),
    ]),
  );
  const text = JSON.stringify(state);
  const image: AgentImage = text === agent.blueprint.initialJson ? { lists } : { state: text, lists };
  if (agent.cell.isLogged) {
    const written = agent.cell.append([{ kind: "restored", at: engine.clock.now(), agent: id, image }]);
    if (isPromiseLike(written)) {
      agent.expect();
      try {
        await written;
      } finally {
        agent.arrived();
      }
    }
  }
  agent.load(image);
}

function busy(agent: string): StateError {
  return new StateError("state.busy", `"${agent}" is in a turn or has mail`, {
    remedy: "Wait for runtime.idle(), or pause the run first.",
    details: { agent },
  });
}
