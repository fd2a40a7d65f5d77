/**
 * One short life of a simulated program: random actions from outside, checks after each, and at the end a rest in which everything
 * must have ended. The same seed gives the same episode, to the last record of every log.
 */
import { createSeededRandom, hashSeed, type RandomSource, yieldMacrotask } from "../../async/index.ts";
import { formatAgentId } from "../../identity/index.ts";
import type { RuntimeEvent } from "../../observe/index.ts";
import type { MemoryStore } from "../../store/index.ts";
import type { StoreFault, StoreOperation } from "../store-faults/faulty-store.ts";
import { SharedData } from "../store-faults/shared-store.ts";
import { EventWatcher } from "./event-watcher.ts";
import { LogAuditor } from "./log-auditor.ts";
import { Outside, own } from "./outside.ts";
import { SimulatedProcess, type World } from "./process.ts";
import { idOf, memberCell } from "./simulated-agent.ts";
import { ReferenceModel } from "./reference-model.ts";
import { agentCount, agentTypes, keyInFork, type Target, TaskFactory, targetOf } from "./task.ts";
import { hold } from "./violation.ts";

/** How an episode is made. */
export interface EpisodeOptions {
  readonly seed: string;
  readonly steps: number;
  /** Part of the actions that are crashes; default: few in most episodes, many in some. */
  readonly crashRate?: number | undefined;
  /** Where the data are; default a new store. Tests give a broken one to see the simulation fail. */
  readonly store?: MemoryStore | undefined;
  /** Called after every step with its number and what it did. */
  readonly onStep?: ((step: number, action: string) => void) | undefined;
}

/** What happened in an episode, counted. */
export interface EpisodeCounts {
  /** Processes that died, in the midst of writing or not. */
  crashes: number;
  /** Processes that were silent until others had taken their cells, and woke up. */
  takeOvers: number;
  /** Store operations that failed, whose answer was lost, or that were done twice. */
  faults: number;
  forks: number;
  /** Records in all logs. */
  records: number;
}

const targets: readonly Target[] = agentTypes.flatMap((type) =>
  Array.from({ length: agentCount }, (_, index) => targetOf(type, index)),
);

/** Rounds in which everything must come to rest once gates are open and questions answered. */
const maxRestRounds = 500;

export class Episode {
  readonly counts: EpisodeCounts = { crashes: 0, takeOvers: 0, faults: 0, forks: 0, records: 0 };
  readonly #options: EpisodeOptions;
  readonly #random: RandomSource;
  readonly #tasks: TaskFactory;
  readonly #world: World;
  readonly #model = new ReferenceModel();
  readonly #outside: Outside;
  readonly #watchers: Map<string, EventWatcher> = new Map();
  readonly #paused: Set<string> = new Set();
  readonly #log: string[] = [];
  readonly #crashRate: number;
  readonly #faultRate: number;
  /** Processes that others have taken for dead, with the steps after which they wake. */
  readonly #silent: Map<SimulatedProcess, number> = new Map();
  #process: SimulatedProcess;
  #generation = 0;
  #runCount = 1;
  #isResting = false;

  constructor(options: EpisodeOptions) {
    this.#options = options;
    this.#random = createSeededRandom(options.seed);
    this.#tasks = new TaskFactory(this.#random);
    const auditor = new LogAuditor();
    this.#world = { data: new SharedData(auditor, options.store), auditor, executions: new Map() };
    this.#crashRate = options.crashRate ?? (this.#random.next() < 0.7 ? 0.02 : 0.15);
    this.#faultRate = this.#random.next() < 0.3 ? 0.01 : 0;
    this.#process = this.#createProcess(Date.UTC(2026, 0, 1));
    this.#outside = new Outside({
      random: this.#random,
      tasks: this.#tasks,
      model: this.#model,
      nextRun: () => this.#nextRun(),
      current: () => this.#process,
    });
  }

  /** A fingerprint of everything that happened and is in the logs: equal for equal seeds (I11). */
  get fingerprint(): string {
    return `${hashSeed(this.#log.join("\n")).toString(16)}.${this.#world.auditor.fingerprint}`;
  }

  /** Everything that happened, a line each. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** @throws SimulationViolation when an invariant does not hold. */
  async run(): Promise<void> {
    await this.#start();
    for (let step = 0; step < this.#options.steps; step++) {
      const action = await this.#act();
      this.#log.push(`${step} ${action}`);
      this.#options.onStep?.(step, action);
      await this.#pass();
      await this.#wakeSilent();
      this.#check();
    }
    await this.#comeToRest();
    for (const watcher of this.#watchers.values()) watcher.stop();
    await this.#within(this.#process.runtime.close({ graceMs: 0 }), "close");
    await this.#checkLeftovers();
  }

  // --- processes ---------------------------------------------------------------------------------

  #createProcess(startMs: number): SimulatedProcess {
    return new SimulatedProcess({
      generation: this.#generation,
      world: this.#world,
      startMs,
      random: this.#random,
      observe: (event) => this.#observe(event),
      parkAfterMs: this.#random.next() < 0.5 ? 0 : 1000,
      mailboxCapacity: this.#random.next() < 0.3 ? 3 : 10_000,
      storeDelay: this.#random.next() < 0.6 ? () => Math.floor(this.#random.next() * 6) : undefined,
      fault: this.#faultRate === 0 ? undefined : (operation) => this.#fault(operation),
    });
  }

  #observe(event: RuntimeEvent): void {
    const agent = "agent" in event ? formatAgentId(event.agent) : "";
    const messageId = "messageId" in event ? event.messageId : "";
    this.#log.push(`${event.kind} ${agent} ${messageId}`);
    if (event.kind === "dead-lettered") this.#model.bury(this.#world.auditor.taskOf(messageId));
  }

  #fault(operation: StoreOperation): StoreFault | undefined {
    if (this.#isResting || this.#random.next() >= this.#faultRate) return undefined;
    this.counts.faults += 1;
    if (operation === "deliver" && this.#random.next() < 0.5) return "repeated";
    return this.#random.next() < 0.5 ? "refused" : "answer-lost";
  }

  async #start(): Promise<void> {
    await this.#process.start();
    own(this.#process.runtime.recover());
  }

  /** The process dies, perhaps in the midst of what it does next; another one goes on with what is stored. */
  async #crash(): Promise<string> {
    this.counts.crashes += 1;
    const { store } = this.#process;
    const writes = Math.floor(this.#random.next() * 6);
    store.kill(writes);
    if (this.#random.next() < 0.5) this.#openGates();
    for (let turn = Math.floor(this.#random.next() * 10); turn > 0 && !store.isDead; turn--) await yieldMacrotask();
    this.#process.die();
    this.#process.expire();
    await this.#replace();
    return `crash after ${writes} writes`;
  }

  /** The process closes in order; another one goes on. */
  async #restart(): Promise<string> {
    await this.#within(this.#process.runtime.close({ graceMs: 20 }), "close");
    const waiting = this.#outside.waitingFor(this.#process);
    hold(waiting.size === 0, "C19", () => `a closed runtime has not told ${[...waiting].join(", ")}`);
    this.#process.die();
    this.#process.expire();
    await this.#replace();
    return "restart";
  }

  /** The process is taken for dead while it lives: its clock stands still, another one takes its cells, and later it wakes. */
  async #takeOver(): Promise<string> {
    this.counts.takeOvers += 1;
    const old = this.#process;
    old.expire();
    this.#silent.set(old, 1 + Math.floor(this.#random.next() * 10));
    await this.#replace();
    return "take over";
  }

  async #replace(): Promise<void> {
    this.#raise();
    this.#generation += 1;
    this.#model.open.clear();
    this.#outside.forget();
    this.#process = this.#createProcess(this.#process.clock.now());
    await this.#start();
    for (const runId of this.#watchers.keys()) this.#watch(runId);
  }

  /** One that wakes finds that it owns nothing, tells whoever asked it, and ends in order without harm to others. */
  async #wakeSilent(): Promise<void> {
    for (const [process, steps] of this.#silent) {
      if (steps > 0 && !this.#isResting) {
        this.#silent.set(process, steps - 1);
        continue;
      }
      this.#silent.delete(process);
      process.clock.advance(Math.max(0, this.#process.clock.now() - process.clock.now()));
      for (const name of Array.from(process.gates.keys())) process.openGate(name);
      for (let turn = Math.floor(this.#random.next() * 8); turn > 0; turn--) await yieldMacrotask();
      await this.#within(process.runtime.close({ graceMs: 0 }), "close of a process that was taken for dead", process);
      const waiting = this.#outside.waitingFor(process);
      hold(waiting.size === 0, "C24", () => `a process that lost its cells has not told ${[...waiting].join(", ")}`);
      if (process.violation !== undefined) throw process.violation;
      process.die();
      this.#log.push("a silent process woke and ended");
    }
  }

  // --- actions -----------------------------------------------------------------------------------

  /** Lets the program go on for nothing, some microtasks, or a round of the event loop. */
  async #pass(): Promise<void> {
    const choice = this.#random.next();
    if (choice < 0.4) await yieldMacrotask();
    else for (let turn = Math.floor(choice * 20); turn > 8; turn--) await Promise.resolve();
  }

  async #act(): Promise<string> {
    if (this.#random.next() < this.#crashRate) return this.#crash();
    const choice = this.#random.next();
    if (choice < 0.18) return this.#outside.send();
    if (choice < 0.27) return this.#outside.tell();
    if (choice < 0.32) return this.#outside.publish();
    if (choice < 0.35) return this.#outside.repeat();
    if (choice < 0.38) return this.#outside.post();
    if (choice < 0.58) return this.#openGate();
    if (choice < 0.72) return this.#outside.answer();
    if (choice < 0.86) return this.#advance();
    if (choice < 0.89) return this.#outside.abort();
    if (choice < 0.95) return this.#pause();
    if (choice < 0.96) return this.#cancel();
    if (choice < 0.97) return this.#interrupt();
    if (choice < 0.978) return this.#fork();
    if (choice < 0.988) return this.#takeOver();
    return this.#restart();
  }

  #nextRun(): string | undefined {
    const choice = Math.floor(this.#random.next() * 3);
    if (choice === 0) return undefined;
    const runId = `run${Math.max(0, this.#runCount - choice)}`;
    if (!this.#watchers.has(runId)) this.#watch(runId);
    return runId;
  }

  #watch(runId: string): void {
    this.#watchers.get(runId)?.stop();
    const watcher = new EventWatcher(runId, () => this.#world.auditor.events(memberCell, runId));
    this.#watchers.set(runId, watcher);
    const { runtime } = this.#process;
    own(watcher.follow(() => runtime.events(memberCell, { runId, signal: watcher.signal })));
  }

  #openGate(): string {
    const names = [...this.#process.gates.keys()];
    const name = names[Math.floor(this.#random.next() * names.length)];
    if (name !== undefined) this.#process.openGate(name);
    return `open ${name ?? "nothing"}`;
  }

  #openGates(): void {
    for (const name of Array.from(this.#process.gates.keys())) this.#process.openGate(name);
  }

  #advance(): string {
    const durationMs = Math.floor(this.#random.next() ** 3 * 70_000);
    this.#process.clock.advance(durationMs);
    return `advance ${durationMs}`;
  }

  #pause(): string {
    const runId = `run${this.#runCount - 1}`;
    const kind = this.#paused.delete(runId) ? "resume" : "pause";
    if (kind === "pause") this.#paused.add(runId);
    own(this.#process.runtime.control(memberCell, runId, { kind }));
    return `${kind} ${runId}`;
  }

  #cancel(): string {
    const runId = `run${this.#runCount - 1}`;
    this.#runCount += 1;
    this.#paused.delete(runId);
    own(this.#process.runtime.control(memberCell, runId, { kind: "cancel" }));
    return `cancel ${runId}`;
  }

  /** Stops what runs now; the run goes on. */
  #interrupt(): string {
    const runId = `run${this.#runCount - 1}`;
    own(this.#process.runtime.control(memberCell, runId, { kind: "interrupt", detail: "look here" }));
    return `interrupt ${runId}`;
  }

  /** Copies the members' cell at a random event; both go on. */
  #fork(): string {
    const runId = `run${Math.floor(this.#random.next() * this.#runCount)}`;
    const events = this.#world.auditor.events(memberCell, runId);
    const sequence = events[Math.floor(this.#random.next() * events.length)]?.sequence;
    if (sequence === undefined) return "fork nothing";
    this.counts.forks += 1;
    const fork = `@${this.counts.forks}`;
    const target = {
      cell: `${memberCell}${fork}`,
      runId: `${runId}${fork}`,
      key: (key: string) => keyInFork(key, fork),
    };
    own(this.#process.runtime.fork(memberCell, { runId, sequence }, target));
    return `fork ${runId} at ${sequence}`;
  }

  // --- checks ------------------------------------------------------------------------------------

  #check(): void {
    this.#raise();
    for (const [agent, committed] of this.#world.auditor.takeChanges()) this.#model.check(agent, committed);
    for (const watcher of this.#watchers.values()) watcher.check();
  }

  #raise(): void {
    const violation = this.#process.violation ?? this.#world.auditor.violation;
    if (violation !== undefined) throw violation;
  }

  /** Opens every gate, answers every question, lets time pass: then all must end. */
  async #comeToRest(): Promise<void> {
    this.#isResting = true;
    await this.#wakeSilent();
    const { runtime } = this.#process;
    for (const runId of this.#watchers.keys()) this.#watch(runId);
    for (let round = 0; round < maxRestRounds; round++) {
      if (await this.#isAtRest()) return;
      if (round % 50 === 0) await this.#resumeAll();
      this.#openGates();
      for (const wait of runtime.waits()) own(runtime.respond(wait.id, "yes"));
      for (let turn = 0; turn < 4; turn++) await yieldMacrotask();
      this.#process.clock.advance(round < 100 ? 100 : 10_000);
      this.#check();
    }
    const left = [...this.#world.auditor.unfinished(), ...this.#model.open];
    const stats = JSON.stringify(runtime.stats());
    hold(false, "I3", () => `the program does not come to rest: ${stats}; unfinished: ${left.join("; ")}`);
  }

  /** Resumes what is paused, forks included, and takes what nobody works on. */
  async #resumeAll(): Promise<void> {
    const { runtime } = this.#process;
    own(runtime.recover());
    for (const run of await runtime.runs({ status: ["paused"], limit: 10_000 }))
      own(runtime.control(run.cell, run.runId, { kind: "resume" }));
  }

  async #isAtRest(): Promise<boolean> {
    const { runtime } = this.#process;
    const { queuedMessages, runningTurns, parkedTurns, openWaits, pendingRequests } = runtime.stats();
    const inMemory = queuedMessages + runningTurns + parkedTurns + openWaits + pendingRequests;
    if (inMemory > 0 || this.#model.open.size > 0 || this.#world.auditor.unfinished().length > 0) return false;
    const cells = this.#world.data.memory.cells();
    if (cells.some((cell) => cell.hasMail && !cell.cell.startsWith("~"))) return false;
    await this.#within(runtime.idle(), "idle");
    this.#check();
    this.#model.checkAtRest(this.#world.auditor.all());
    await this.#checkShown();
    for (const watcher of this.#watchers.values()) watcher.checkAtRest();
    return true;
  }

  /** What the runtime shows of its agents is what their logs say. */
  async #checkShown(): Promise<void> {
    for (const target of targets) {
      const agent = `${target.type}/${target.key}`;
      const shown = await this.#within(this.#process.runtime.snapshot(idOf(target)), "snapshot");
      const { count, entries, settled } = this.#world.auditor.committed(agent);
      const isSame =
        shown === undefined
          ? count === 0 && settled.length === 0
          : JSON.stringify([shown.state, shown.lists["entries"] ?? [], shown.lists["settled"] ?? []]) ===
            JSON.stringify([{ count }, entries, settled]);
      hold(
        isSame,
        "C5",
        () => `"${agent}" shows ${JSON.stringify(shown)}, its log says ${count}: ${entries.join(" ")}`,
      );
      this.#log.push(`${agent}: ${entries.join(" ")}; ${settled.join(" ")}`);
    }
  }

  /** After the last process has closed nothing is held, busy or waiting. */
  async #checkLeftovers(): Promise<void> {
    this.#raise();
    this.counts.records = this.#world.auditor.records;
    for (const { cell, isBusy, hasMail, owner } of await this.#world.data.open().cells()) {
      if (cell.startsWith("~")) continue;
      hold(!isBusy && !hasMail, "I9", () => `cell "${cell}" is busy: ${isBusy}, has mail: ${hasMail}`);
      hold(owner === undefined, "C24", () => `cell "${cell}" is still held by "${owner}"`);
    }
  }

  /** What must end by itself, given time. @throws SimulationViolation when it does not. */
  async #within<T>(promise: Promise<T>, what: string, process = this.#process): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    settled.catch(() => {});
    for (let turn = 0; turn < 50 && !isSettled; turn++) await Promise.resolve();
    for (let round = 0; round < maxRestRounds && !isSettled; round++) {
      await yieldMacrotask();
      if (round > 3 && what.startsWith("close")) process.clock.advance(10);
    }
    hold(isSettled, "I3", () => `${what} does not end`);
    return settled;
  }
}
