import { type Clock, isPromiseLike } from "../async/index.ts";
import { type AgentDefinition, trustType } from "../agent/index.ts";
import { type AgentId, type AnyAgentId, toAgentId, type TopicId } from "../identity/index.ts";
import type { EventMessage, RequestMessage } from "../message/index.ts";
import { type CellEvent, freezeJson, type LiveEvent, type RunFilter, type RunRow, type Store } from "../store/index.ts";
import type { BoundSubscription, Subscription } from "../subscription/index.ts";
import type {
  AgentRuntime,
  AgentSnapshot,
  CloseOptions,
  ControlAction,
  EventRange,
  ForkTarget,
  OpenWait,
  RecoveryReport,
  RespondOptions,
  RunPoint,
  RuntimeStats,
  SendOptions,
  TellOptions,
} from "./agent-runtime.ts";
import { archiveCell } from "./cell/archive-cell.ts";
import { dropHistory } from "./cell/drop-history.ts";
import { readSnapshot, writeSnapshot } from "./cell/agent-snapshots.ts";
import { controlRun } from "./run/control-run.ts";
import { listRuns } from "./run/list-runs.ts";
import { forgetCell, runtimeClosed } from "./cell/end-cell.ts";
import { isHere, openForEvents, openReader, readAnywhere, restOfRun } from "./owner/anywhere.ts";
import { FollowingReader } from "./owner/following-reader.ts";
import { forkCell } from "./cell/fork-cell.ts";
import { closeEngine } from "./close-engine.ts";
import type { DeadLetters } from "./delivery/dead-letters.ts";
import { FrontDoor } from "./door/front-door.ts";
import { Engine } from "./engine.ts";
import { recoverCells } from "./owner/recover-cells.ts";
import type { RuntimeOptions } from "./runtime-options.ts";

/**
 * Agents in this process: mailboxes, durable turns and timers on one event loop.
 *
 * It works from construction on; there is nothing to start. With the default memory store everything ends with the process;
 * a durable store makes the same program crash-proof.
 *
 * @example
 * const runtime = new InProcessRuntime();
 * await runtime.register(account);
 * const balance = await runtime.send(Deposit({ cents: 500 }), account.id("ada"));
 * await runtime.close();
 */
export class InProcessRuntime implements AgentRuntime {
  readonly #engine: Engine;
  readonly #door: FrontDoor;
  readonly isDurable: boolean;
  readonly deadLetters: DeadLetters;
  readonly clock: Clock;
  #closing: Promise<void> | undefined;

  /** @throws ConfigError `config.invalid_option`. */
  constructor(options: RuntimeOptions = {}) {
    this.#engine = new Engine(options);
    this.#door = new FrontDoor(this.#engine);
    this.isDurable = this.#engine.store.isDurable;
    this.deadLetters = this.#engine.deadLetters;
    this.clock = this.#engine.clock;
  }

  async register(agent: AgentDefinition): Promise<void> {
    this.#assertOpen();
    this.#engine.directory.register(agent);
  }

  send<Name extends string, Reply>(
    message: RequestMessage<Name, unknown, Reply>,
    to: AgentId<Name>,
    options?: SendOptions,
  ): Promise<Reply> {
    // The reply passed the schema of this request's own type.
    return trustType<Promise<Reply>>(this.#door.send(message, toAgentId(to), options));
  }

  tell<Name extends string>(message: EventMessage<Name>, to: AgentId<Name>, options?: TellOptions): Promise<void> {
    return this.#door.post(message, { kind: "agent", id: toAgentId(to) }, options);
  }

  publish(message: EventMessage, topic: TopicId, options?: TellOptions): Promise<void> {
    return this.#door.post(message, { kind: "topic", id: topic }, options);
  }

  async addSubscription(subscription: Subscription): Promise<void> {
    this.#assertOpen();
    this.#engine.directory.addSubscription(subscription);
  }

  async removeSubscription(id: string): Promise<void> {
    this.#engine.directory.removeSubscription(id);
  }

  subscriptions(): readonly BoundSubscription[] {
    return this.#engine.directory.subscriptions();
  }

  async respond(waitId: string, answer: unknown, options: RespondOptions = {}): Promise<void> {
    const { waits, remote } = this.#engine;
    const { cell } = options;
    if (cell === undefined || waits.has(waitId)) return waits.respond(waitId, answer);
    const stored = freezeJson(answer, `answer to wait "${waitId}"`);
    await remote.onOwner(cell, () => waits.respond(waitId, stored), { kind: "respond", waitId, answer: stored });
  }

  waits(filter: { readonly runId?: string | undefined } = {}): readonly OpenWait[] {
    return this.#engine.waits.list(filter.runId);
  }

  async control(cell: string, runId: string, action: ControlAction): Promise<void> {
    this.#assertOpen();
    const stored = freezeJson(action, "control action");
    await this.#engine.remote.onOwner(cell, (open) => controlRun(this.#engine, { cell: open, runId }, action), {
      kind: "control",
      runId,
      action: stored,
    });
  }

  rest(cell: string, runId: string): Promise<void> {
    return restOfRun(this.#engine, cell, runId);
  }

  events(cell: string, range: EventRange): AsyncIterable<CellEvent | LiveEvent> {
    const options = { from: range.from ?? 1, isLive: range.live === true, merge: range.merge, signal: range.signal };
    if (this.#engine.isClosed && this.#engine.agents.cells.get(cell) === undefined)
      return { [Symbol.asyncIterator]: readNothing };
    const opened = openForEvents(this.#engine, cell, range.runId);
    if (!isPromiseLike(opened) && opened !== undefined && opened !== "archived" && isHere(opened, range.runId)) {
      const run = opened.run(range.runId);
      if (!this.isDurable || range.isLocal === true) return openReader(this.#engine, run, { cell, options });
      return new FollowingReader(this.#engine, { cell, range, options, opened }, run);
    }
    // Whoever iterates hears of a failure; until then it must not surface as unhandled.
    if (isPromiseLike(opened)) opened.then(undefined, () => {});
    return { [Symbol.asyncIterator]: () => readAnywhere(this.#engine, { cell, range, options, opened }) };
  }

  snapshot(agent: AnyAgentId): Promise<AgentSnapshot | undefined> {
    return readSnapshot(this.#engine, toAgentId(agent));
  }

  async restore(agent: AnyAgentId, snapshot: AgentSnapshot): Promise<void> {
    this.#assertOpen();
    await writeSnapshot(this.#engine, toAgentId(agent), snapshot);
  }

  async fork(cell: string, at: RunPoint, target: ForkTarget): Promise<void> {
    this.#assertOpen();
    await forkCell(this.#engine, { from: cell, at }, target);
  }

  forgetCell(cell: string): Promise<void> {
    return forgetCell(this.#engine, cell);
  }

  async dropHistory(cell: string): Promise<void> {
    this.#assertOpen();
    await dropHistory(this.#engine, cell);
  }

  archive(cell: string, store: Store): Promise<void> {
    return archiveCell(this.#engine, cell, store);
  }

  async runs(filter: RunFilter = {}): Promise<readonly RunRow[]> {
    return listRuns(this.#engine, filter);
  }

  async recover(): Promise<RecoveryReport> {
    this.#assertOpen();
    return recoverCells(this.#engine);
  }

  report(error: unknown, what: string): void {
    this.#engine.report(error, what);
  }

  stats(): RuntimeStats {
    const { agents, waits, pending, timers, deadLetters } = this.#engine;
    const all = [...agents.all()];
    const turns = all.flatMap((agent) => [...agent.turns]);
    return {
      activeAgents: all.length,
      residentCells: agents.cells.size,
      queuedMessages: all.reduce((sum, agent) => sum + agent.queued, 0),
      runningTurns: turns.filter((turn) => !turn.isParked).length,
      parkedTurns: turns.filter((turn) => turn.isParked).length,
      openWaits: waits.size,
      pendingRequests: pending.size,
      timers: timers.size,
      watchers: [...agents.cells.all()].reduce(
        (sum, cell) => sum + [...cell.runs()].reduce((count, run) => count + run.watcherCount, 0),
        0,
      ),
      deadLetters: deadLetters.size,
      rememberedMessages: this.#door.remembered,
    };
  }

  idle(): Promise<void> {
    return this.#engine.whenIdle();
  }

  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= closeEngine(this.#engine, options.graceMs ?? 5_000);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #assertOpen(): void {
    if (this.#engine.isClosed) throw runtimeClosed();
  }
}

/** A closed runtime has nothing to show. */
async function* readNothing(): AsyncGenerator<never> {}
