import { createSeededRandom, hashSeed, type RandomSource, yieldMacrotask } from "../../async/index.ts";
import { formatAgentId } from "../../identity/index.ts";
import { type CellEvent, MemoryStore, type Store } from "../../store/index.ts";
import { EventWatcher } from "./event-watcher.ts";
import { type Effects, Happen, idOf, memberCell, Perform, SimulatedProcess, topicOf } from "./process.ts";
import { type Committed, ReferenceModel } from "./reference-model.ts";
import { agentCount, type Target, TaskFactory } from "./task.ts";
import { hold } from "./violation.ts";

/** How an episode is made. */
export interface EpisodeOptions {
  readonly seed: string;
  readonly steps: number;
  /** The store beneath; default a new memory store. Tests give a broken one to see the simulation fail. */
  readonly store?: Store | undefined;
  /** Called after every step with its number and what it did. */
  readonly onStep?: ((step: number, action: string) => void) | undefined;
}

const targets: readonly Target[] = (["member", "solo"] as const).flatMap((type) =>
  Array.from({ length: agentCount }, (_, index) => ({ type, key: String(index) })),
);

/** Rounds in which everything must come to rest once gates are open and questions answered. */
const maxRestRounds = 400;

/**
 * One short life of a simulated program: random actions from outside, checks after each, and at the end a rest in which everything
 * must have ended. The same seed gives the same episode, to the last event.
 */
export class Episode {
  readonly #options: EpisodeOptions;
  readonly #random: RandomSource;
  readonly #tasks: TaskFactory;
  readonly #store: Store;
  readonly #effects: Effects = { executions: new Map() };
  readonly #model = new ReferenceModel();
  readonly #watchers: Map<string, EventWatcher> = new Map();
  readonly #aborts: Map<string, AbortController> = new Map();
  readonly #paused: Set<string> = new Set();
  readonly #log: string[] = [];
  #process: SimulatedProcess;
  #generation = 0;
  #runCount = 1;

  constructor(options: EpisodeOptions) {
    this.#options = options;
    this.#store = options.store ?? new MemoryStore();
    this.#random = createSeededRandom(options.seed);
    this.#tasks = new TaskFactory(this.#random);
    this.#process = this.#createProcess(Date.UTC(2026, 0, 1));
  }

  /** A fingerprint of everything that happened: equal for equal seeds (I11). */
  get fingerprint(): string {
    return hashSeed(this.#log.join("\n")).toString(16);
  }

  /** Everything that happened, a line each. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** @throws SimulationViolation when an invariant does not hold. */
  async run(): Promise<void> {
    await this.#process.start();
    for (let step = 0; step < this.#options.steps; step++) {
      const action = await this.#act();
      this.#log.push(`${step} ${action}`);
      this.#options.onStep?.(step, action);
      await this.#pass();
      await this.#check();
    }
    await this.#comeToRest();
    for (const watcher of this.#watchers.values()) watcher.stop();
    await this.#within(this.#process.runtime.close({ graceMs: 0 }), "close");
  }

  #createProcess(startMs: number): SimulatedProcess {
    return new SimulatedProcess({
      generation: this.#generation,
      store: this.#store,
      startMs,
      random: this.#random,
      effects: this.#effects,
      observe: (event) =>
        this.#log.push(
          `${event.kind} ${"agent" in event ? formatAgentId(event.agent) : ""} ${"messageId" in event ? event.messageId : ""}`,
        ),
      parkAfterMs: this.#random.next() < 0.5 ? 0 : 1000,
      mailboxCapacity: this.#random.next() < 0.3 ? 3 : 10_000,
      storeDelay: this.#random.next() < 0.4 ? () => Math.floor(this.#random.next() * 6) : undefined,
    });
  }

  /** Lets the program go on for nothing, some microtasks, or a round of the event loop. */
  async #pass(): Promise<void> {
    const choice = this.#random.next();
    if (choice < 0.4) await yieldMacrotask();
    else for (let turn = Math.floor(choice * 20); turn > 8; turn--) await Promise.resolve();
  }

  async #act(): Promise<string> {
    const choice = this.#random.next();
    if (choice < 0.2) return this.#send();
    if (choice < 0.3) return this.#tell();
    if (choice < 0.36) return this.#publish();
    if (choice < 0.58) return this.#openGate();
    if (choice < 0.72) return this.#answer();
    if (choice < 0.86) return this.#advance();
    if (choice < 0.89) return this.#abort();
    if (choice < 0.95) return this.#pause();
    if (choice < 0.96) return this.#cancel();
    if (choice < 0.97) return this.#interrupt();
    if (choice < 0.988) return this.#crash();
    return this.#restart();
  }

  #send(): string {
    const task = this.#tasks.next();
    const to = this.#tasks.target();
    const controller = new AbortController();
    this.#aborts.set(task.id, controller);
    const option = this.#runOption();
    this.#model.send({ task, to, kind: "request", runId: option.run?.runId ?? "" });
    const runtime = this.#process.runtime;
    const ended = (report: () => void): void => {
      // Nobody is left to hear of a dead process.
      if (runtime !== this.#process.runtime) return;
      this.#aborts.delete(task.id);
      this.#note(report);
    };
    runtime.send(Perform(task), idOf(to), { signal: controller.signal, ...option }).then(
      (reply) => ended(() => this.#model.answer(task.id, reply)),
      (error: unknown) => ended(() => this.#model.fail(task.id, error)),
    );
    return `send ${task.id} to ${to.type}/${to.key}`;
  }

  #tell(): string {
    const task = this.#tasks.next();
    const to = this.#tasks.target();
    const option = this.#runOption();
    this.#model.send({ task, to, kind: "event", runId: option.run?.runId ?? "" });
    this.#own(this.#process.runtime.tell(Happen(task), idOf(to), option));
    return `tell ${task.id} to ${to.type}/${to.key}`;
  }

  #publish(): string {
    const task = this.#tasks.next();
    const to = this.#tasks.target();
    const option = this.#runOption();
    this.#model.send({ task, to, kind: "event", runId: option.run?.runId ?? "" });
    this.#own(this.#process.runtime.publish(Happen(task), topicOf(to), option));
    return `publish ${task.id} to ${to.type}/${to.key}`;
  }

  #runOption(): { readonly run?: { readonly runId: string; readonly path: readonly string[] } } {
    const choice = Math.floor(this.#random.next() * 3);
    if (choice === 0) return {};
    const runId = `run${Math.max(0, this.#runCount - choice)}`;
    if (!this.#watchers.has(runId)) this.#watch(runId);
    return { run: { runId, path: ["simulation"] } };
  }

  #watch(runId: string): void {
    const known = this.#watchers.get(runId);
    known?.stop();
    const watcher = new EventWatcher(runId, known?.seen ?? []);
    this.#watchers.set(runId, watcher);
    this.#own(watcher.follow(this.#process.runtime.events(memberCell, { runId, signal: watcher.signal })));
  }

  #openGate(): string {
    const name = this.#choose([...this.#process.gates.keys()]);
    if (name !== undefined) this.#process.openGate(name);
    return `open ${name ?? "nothing"}`;
  }

  #answer(): string {
    const wait = this.#choose(this.#process.runtime.waits());
    if (wait === undefined) return "answer nothing";
    const isTwice = this.#random.next() < 0.2;
    this.#own(this.#process.runtime.respond(wait.id, "yes"));
    if (isTwice) this.#refuse(this.#process.runtime.respond(wait.id, "again"));
    return `answer ${wait.name}`;
  }

  /** A second answer must be refused. */
  #refuse(answer: Promise<void>): void {
    const { runtime } = this.#process;
    answer.then(
      () => this.#note(() => hold(runtime !== this.#process.runtime, "C16", () => "a wait took two answers")),
      () => {},
    );
  }

  #advance(): string {
    const durationMs = Math.floor(this.#random.next() ** 3 * 70_000);
    this.#process.clock.advance(durationMs);
    return `advance ${durationMs}`;
  }

  #abort(): string {
    const id = this.#choose([...this.#aborts.keys()]);
    if (id !== undefined) this.#aborts.get(id)?.abort("aborted");
    return `abort ${id ?? "nothing"}`;
  }

  #pause(): string {
    const runId = `run${this.#runCount - 1}`;
    const kind = this.#paused.delete(runId) ? "resume" : "pause";
    if (kind === "pause") this.#paused.add(runId);
    this.#own(this.#process.runtime.control(memberCell, runId, { kind }));
    return `${kind} ${runId}`;
  }

  #cancel(): string {
    const runId = `run${this.#runCount - 1}`;
    this.#runCount += 1;
    this.#paused.delete(runId);
    this.#own(this.#process.runtime.control(memberCell, runId, { kind: "cancel" }));
    return `cancel ${runId}`;
  }

  /** Stops what runs now; the run goes on. */
  #interrupt(): string {
    const runId = `run${this.#runCount - 1}`;
    this.#own(this.#process.runtime.control(memberCell, runId, { kind: "interrupt", detail: "look here" }));
    return `interrupt ${runId}`;
  }

  /** The process dies, perhaps in the midst of what it does next; another one goes on with what is stored. */
  async #crash(): Promise<string> {
    const writes = Math.floor(this.#random.next() * 3);
    this.#process.store.kill(writes);
    if (writes > 0) for (const name of Array.from(this.#process.gates.keys())) this.#process.openGate(name);
    await yieldMacrotask();
    this.#process.die();
    this.#model.crash();
    await this.#replace();
    return `crash after ${writes} writes`;
  }

  /** The process closes in order; another one goes on. */
  async #restart(): Promise<string> {
    await this.#within(this.#process.runtime.close({ graceMs: 20 }), "close");
    this.#process.die();
    this.#model.crash();
    await this.#replace();
    return "restart";
  }

  async #replace(): Promise<void> {
    this.#generation += 1;
    this.#raise();
    this.#aborts.clear();
    this.#process = this.#createProcess(this.#process.clock.now());
    await this.#process.start();
    for (const runId of this.#watchers.keys()) this.#watch(runId);
  }

  async #check(): Promise<void> {
    this.#raise();
    for (const target of targets) this.#model.check(`${target.type}/${target.key}`, await this.#committed(target));
    for (const watcher of this.#watchers.values()) watcher.check();
    this.#raise();
  }

  async #committed(target: Target): Promise<Committed> {
    const snapshot = await this.#within(this.#process.runtime.snapshot(idOf(target)), "snapshot");
    const state = snapshot?.state;
    const count: unknown = typeof state === "object" && state !== null && "count" in state ? state.count : 0;
    const list = (name: string): readonly string[] => (snapshot?.lists[name] ?? []).map(String);
    return { count: Number(count), entries: list("entries"), settled: list("settled") };
  }

  /** Opens every gate, answers every question, lets time pass: then all must end. */
  async #comeToRest(): Promise<void> {
    for (const runId of this.#paused) this.#own(this.#process.runtime.control(memberCell, runId, { kind: "resume" }));
    for (let round = 0; round < maxRestRounds; round++) {
      if (await this.#isAtRest()) return;
      for (const name of Array.from(this.#process.gates.keys())) this.#process.openGate(name);
      for (const wait of this.#process.runtime.waits()) this.#own(this.#process.runtime.respond(wait.id, "yes"));
      for (let turn = 0; turn < 4; turn++) await yieldMacrotask();
      this.#process.clock.advance(round < 100 ? 100 : 10_000);
      this.#raise();
    }
    const stats = JSON.stringify(this.#process.runtime.stats());
    hold(false, "I3", () => `the program does not come to rest: ${stats}; open: ${[...this.#model.open].join(" ")}`);
  }

  async #isAtRest(): Promise<boolean> {
    const { queuedMessages, runningTurns, parkedTurns, openWaits, pendingRequests } = this.#process.runtime.stats();
    if (queuedMessages + runningTurns + parkedTurns + openWaits + pendingRequests > 0 || this.#model.open.size > 0)
      return false;
    await this.#within(this.#process.runtime.idle(), "idle");
    await this.#check();
    const committed = new Map<string, Committed>();
    for (const target of targets) committed.set(`${target.type}/${target.key}`, await this.#committed(target));
    this.#model.checkAtRest(committed);
    for (const [agent, { entries }] of committed) this.#log.push(`${agent}: ${entries.join(" ")}`);
    for (const watcher of this.#watchers.values()) this.#log.push(watcher.seen.map(describeEvent).join(" "));
    return true;
  }

  /** What must end by itself, given time. @throws SimulationViolation when it does not. */
  async #within<T>(promise: Promise<T>, what: string): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    settled.catch(() => {});
    for (let turn = 0; turn < 50 && !isSettled; turn++) await Promise.resolve();
    for (let round = 0; round < maxRestRounds && !isSettled; round++) {
      await yieldMacrotask();
      if (round > 3 && what === "close") this.#process.clock.advance(10);
    }
    hold(isSettled, "I3", () => `${what} does not end`);
    return settled;
  }

  #choose<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#random.next() * items.length)];
  }

  /** Keeps a violation found outside the driver's own calls. */
  #note(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#process.violation ??= error;
    }
  }

  #raise(): void {
    if (this.#process.violation !== undefined) throw this.#process.violation;
  }

  /** Calls that may be refused (a wait that was just settled, a runtime that closes): their errors are none of the driver's business. */
  #own(promise: Promise<unknown>): void {
    promise.catch(() => {});
  }
}

function describeEvent(event: CellEvent): string {
  return `${event.sequence}:${event.kind}:${JSON.stringify(event.payload)}`;
}
