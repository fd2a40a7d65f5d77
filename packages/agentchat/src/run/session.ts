import {
  type AgentId,
  type AgentRuntime,
  type AgentSnapshot,
  agentId,
  type JsonObject,
  type JsonValue,
  StoreError,
  TeamError,
} from "@troupe/core";
import { isAutoGenState } from "../component/state/is-autogen-state.ts";
import type { ChatMessage, Task } from "../message/chat-message.ts";
import { adviserName, type Role, type TeamRole } from "../turn/role.ts";
import { asJson } from "../message/as-json.ts";
import { formatCell, formatKey } from "../manager/cell-address.ts";
import type { Run, RunOptions } from "./handle/run-handle.ts";
import { activeRunOf, sessionBusy, sessionElsewhere } from "./run-target.ts";

/** A conversation that goes on over several runs. */
export interface Session<Output> {
  readonly id: string;
  /** The next run of the conversation; without a task the team goes on from where it stands. */
  run(task?: Task, options?: Omit<RunOptions, "runtime">): Run<Output>;
  /** Everything said in the conversation so far. */
  messages(): Promise<readonly ChatMessage[]>;
  /** Forgets the conversation. @throws TeamError `run.session_busy`; `run.session_elsewhere` while another process that lives holds it. */
  reset(): Promise<void>;
  /** All that the team knows of the conversation, as JSON. @throws TeamError `run.session_busy`. */
  snapshot(): Promise<SessionSnapshot>;
  /**
   * Puts a snapshot in place of what is there: one of ours, or what `save_state()` of the same team in AutoGen returned.
   *
   * @throws TeamError `run.session_busy`, `run.session_elsewhere`, `run.invalid_snapshot`.
   */
  restore(snapshot: Readonly<Record<string, unknown>>): Promise<void>;
}

/** A saved conversation: the state and lists of every agent, by path. */
export interface SessionSnapshot extends Record<string, unknown> {
  readonly kind: "session";
  readonly version: 1;
  readonly runner: string;
  readonly agents: Readonly<Record<string, AgentSnapshot>>;
}

/** What a session works on. */
export interface SessionParts<Output> {
  readonly id: string;
  readonly root: TeamRole;
  /** The runtime, with the runner registered. */
  readonly open: () => Promise<AgentRuntime>;
  readonly start: (task: Task | undefined, options: Omit<RunOptions, "runtime">) => Run<Output>;
}

/** Makes the face of one conversation; it holds nothing itself. */
export function createSession<Output>(parts: SessionParts<Output>): Session<Output> {
  const { id, root } = parts;
  const cell = formatCell(root.name, formatKey({ sessionId: id, path: [] }));
  const idOf = (path: readonly string[]): AgentId => agentId(root.name, formatKey({ sessionId: id, path }));
  const openAtRest = async (): Promise<AgentRuntime> => {
    const runtime = await parts.open();
    const manager = await runtime.snapshot(idOf([]));
    const activeRun = activeRunOf(manager?.state);
    if (activeRun !== null) throw sessionBusy({ cell }, activeRun);
    return runtime;
  };
  const replace = async (act: (runtime: AgentRuntime) => Promise<void>): Promise<void> => {
    const runtime = await openAtRest();
    try {
      await act(runtime);
    } catch (error) {
      if (error instanceof StoreError && error.code === "store.owned") throw sessionElsewhere(cell, error);
      throw error;
    }
  };
  return {
    id,
    run: (task, options = {}) => parts.start(task, options),
    messages: async () => readThread(await (await parts.open()).snapshot(idOf([]))),
    reset: () => replace((runtime) => runtime.forgetCell(cell)),
    snapshot: async () => {
      const runtime = await openAtRest();
      const entries: [string, AgentSnapshot][] = [];
      for (const path of pathsOf(root)) {
        const saved = await runtime.snapshot(idOf(path));
        if (saved !== undefined) entries.push([path.join("/"), saved]);
      }
      return { kind: "session", version: 1, runner: root.name, agents: Object.fromEntries(entries) };
    },
    restore: async (document) => {
      const agents = await readSnapshot(document, root);
      await replace(async (runtime) => {
        await runtime.forgetCell(cell);
        for (const [path, saved] of Object.entries(agents))
          await runtime.restore(idOf(path === "" ? [] : path.split("/")), saved);
      });
    },
  };
}

/** Every actor of a runner: the manager first, then what is below it, depth first. */
function pathsOf(role: Role, base: readonly string[] = []): readonly (readonly string[])[] {
  return [base, ...placesBelow(role).flatMap(([name, child]) => pathsOf(child, [...base, name]))];
}

/** The participants of a team and its adviser; what an agent runs inside its turns. */
function placesBelow(role: Role): readonly (readonly [string, Role])[] {
  if (role.kind === "agent") return [...(role.inner ?? [])];
  const { adviser } = role;
  return adviser === undefined ? [...role.participants] : [...role.participants, [adviserName(adviser), adviser]];
}

function readThread(manager: AgentSnapshot | undefined): readonly ChatMessage[] {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: only managers write their thread
  const items = (manager?.lists["thread"] ?? []) as unknown as readonly { readonly message: ChatMessage }[];
  return items.map((item) => item.message);
}

/** Few programs ever restore what AutoGen saved: a bundler can put the code for it into a file of its own. */
async function readSnapshot(
  document: Readonly<Record<string, unknown>>,
  root: TeamRole,
): Promise<Readonly<Record<string, AgentSnapshot>>> {
  if (!isAutoGenState(document)) return parseSnapshot(document, root);
  const { readAutoGenState } = await import("../component/state/autogen-state.ts");
  return readAutoGenState(document, root);
}

/** @throws TeamError `run.invalid_snapshot` for another kind of document, another runner or an agent that the runner does not have. */
function parseSnapshot(
  document: Readonly<Record<string, unknown>>,
  root: TeamRole,
): Readonly<Record<string, AgentSnapshot>> {
  const { kind, version, runner, agents } = document;
  if (kind !== "session" || version !== 1) throw invalidSnapshot("it is not a session of version 1");
  if (runner !== root.name) throw invalidSnapshot(`it is a session of "${String(runner)}", not of "${root.name}"`);
  if (!isRecord(agents)) throw invalidSnapshot("it has no agents");
  const known = new Set(pathsOf(root).map((path) => path.join("/")));
  const parsed: [string, AgentSnapshot][] = [];
  for (const [path, saved] of Object.entries(agents)) {
    if (!known.has(path)) throw invalidSnapshot(`"${root.name}" has no agent "${path}"`);
    if (!isRecord(saved) || !isRecord(saved["lists"]))
      throw invalidSnapshot(`the state of agent "${path}" is not complete`);
    parsed.push([path, toAgentSnapshot(saved["state"], saved["lists"])]);
  }
  return Object.fromEntries(parsed);
}

function toAgentSnapshot(state: unknown, lists: Readonly<Record<string, unknown>>): AgentSnapshot {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: the runtime checks that it is JSON when it takes it
  return { state: (state ?? null) as JsonValue, lists: asJson(lists) as JsonObject as AgentSnapshot["lists"] };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalidSnapshot(problem: string): TeamError {
  return new TeamError("run.invalid_snapshot", `The snapshot cannot be restored: ${problem}`, {
    remedy: "Give what snapshot() of the same runner returned.",
  });
}
