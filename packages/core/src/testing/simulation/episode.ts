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
import { Population } from "./population.ts";
import { SimulatedProcess, type World } from "./process.ts";
import { ReferenceModel } from "./reference-model.ts";
import { becomesIdle, hasWork, settleWithin } from "./settle-within.ts";
import { idOf, memberCell } from "./simulated-agent.ts";
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
  readonly #world: World;
  readonly #model = new ReferenceModel();
  readonly #population: Population;
  readonly #outside: Outside;
  readonly #watchers: Map<string, EventWatcher> = new Map();
  readonly #paused: Set<string> = new Set();
  readonly #log: string[] = [];
  readonly #crashRate: number;
  readonly #faultRate: number;
  readonly #isShared: boolean;
  #runCount = 1;
  #isResting = false;
  /** Watchers may have lost the process that showed them events. */
  #isOrphaned = false;

  constructor(options: EpisodeOptions) {
    this.#options = options;
    this.#random = createSeededRandom(options.seed);
    const auditor = new LogAuditor();
    this.#world = { data: new SharedData(auditor, options.store), auditor, executions: new Map() };
    this.#crashRate = options.crashRate ?? (this.#random.next() < 0.7 ? 0.02 : 0.15);
    this.#faultRate = this.#random.next() < 0.3 ? 0.01 : 0;
    this.#isShared = this.#random.next() < 0.4;
    this.#population = new Population({
      random: this.#random,
      create: (generation, startMs) => this.#createProcess(generation, startMs),
      gone: (process) => this.#forget(process),
      back: (process) => {
        for (const call of this.#outside.waitingFor(process)) this.#model.open.add(call);
      },
      waitingFor: (process) => this.#outside.waitingFor(process),
    });
    this.#outside = new Outside({
      random: this.#random,
      tasks: new TaskFactory(this.#random),
      model: this.#model,
      nextRun: () => this.#nextRun(),
      current: () => this.#population.any(),
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
    await this.#population.start(Date.UTC(2026, 0, 1));
    if (this.#isShared) await this.#population.join();
    for (let step = 0; step < this.#options.steps; step++) {
      const action = await this.#act();
      this.#log.push(`${step} ${action}`);
      this.#options.onStep?.(step, action);
      await this.#pass();
      await this.#population.pass();
      if (this.#isOrphaned) this.#watchAgain();
      this.#check();
    }
    await this.#comeToRest();
    for (const watcher of this.#watchers.values()) watcher.stop();
    await this.#population.end();
    await this.#checkLeftovers();
  }

  // --- processes ---------------------------------------------------------------------------------

  #createProcess(generation: number, startMs: number): SimulatedProcess {
    return new SimulatedProcess({
      generation,
      world: this.#world,
      startMs,
      random: this.#random,
      observe: (event) => this.#observe(event),
      parkAfterMs: this.#random.next() < 0.5 ? 0 : 1000,
      maxRestingCells: this.#random.next() < 0.5 ? 0 : 100,
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

  /** Nobody hears of a process that has gone; who watched it looks elsewhere. */
  #forget(process: SimulatedProcess): void {
    this.#raise(process);
    for (const call of this.#outside.waitingFor(process)) this.#model.open.delete(call);
    this.#outside.forget(process);
    this.#isOrphaned = true;
  }

  // --- actions -----------------------------------------------------------------------------------

  /** Lets the program go on for nothing, some microtasks, or a round of the event loop. */
  async #pass(): Promise<void> {
    const choice = this.#random.next();
    if (choice < 0.4) await yieldMacrotask();
    else for (let turn = Math.floor(choice * 20); turn > 8; turn--) await Promise.resolve();
  }

  async #act(): Promise<string> {
    if (this.#random.next() < this.#crashRate) {
      this.counts.crashes += 1;
      return this.#population.crash();
    }
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
    if (choice > 0.985) return this.#disturb(choice);
    return this.#isShared ? this.#population.join() : "join nothing";
  }

  #disturb(choice: number): Promise<string> {
    if (choice > 0.993) return this.#population.restart();
    this.counts.takeOvers += 1;
    return this.#population.takeOver();
  }

  #nextRun(): string | undefined {
    const choice = Math.floor(this.#random.next() * 3);
    if (choice === 0) return undefined;
    const runId = `run${Math.max(0, this.#runCount - choice)}`;
    if (!this.#watchers.has(runId)) this.#watch(runId);
    return runId;
  }

  #watchAgain(): void {
    this.#isOrphaned = false;
    for (const runId of this.#watchers.keys()) this.#watch(runId);
  }

  #watch(runId: string): void {
    this.#watchers.get(runId)?.stop();
    const watcher = new EventWatcher(runId, () => this.#world.auditor.events(memberCell, runId));
    this.#watchers.set(runId, watcher);
    const { runtime } = this.#population.any();
    own(watcher.follow(() => runtime.events(memberCell, { runId, signal: watcher.signal })));
  }

  #openGate(): string {
    const process = this.#population.any();
    const names = [...process.gates.keys()];
    const name = names[Math.floor(this.#random.next() * names.length)];
    if (name !== undefined) process.openGate(name);
    return `open ${name ?? "nothing"}`;
  }

  #advance(): string {
    const durationMs = Math.floor(this.#random.next() ** 3 * 70_000);
    this.#population.advance(durationMs);
    return `advance ${durationMs}`;
  }

  #pause(): string {
    const runId = `run${this.#runCount - 1}`;
    const kind = this.#paused.delete(runId) ? "resume" : "pause";
    if (kind === "pause") this.#paused.add(runId);
    own(this.#population.any().runtime.control(memberCell, runId, { kind }));
    return `${kind} ${runId}`;
  }

  #cancel(): string {
    const runId = `run${this.#runCount - 1}`;
    this.#runCount += 1;
    this.#paused.delete(runId);
    own(this.#population.any().runtime.control(memberCell, runId, { kind: "cancel" }));
    return `cancel ${runId}`;
  }

  /** Stops what runs now; the run goes on. */
  #interrupt(): string {
    const runId = `run${this.#runCount - 1}`;
    own(this.#population.any().runtime.control(memberCell, runId, { kind: "interrupt", detail: "look here" }));
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
    own(this.#population.any().runtime.fork(memberCell, { runId, sequence }, target));
    return `fork ${runId} at ${sequence}`;
  }

  // --- checks ------------------------------------------------------------------------------------

  #check(): void {
    for (const process of this.#population.all) this.#raise(process);
    for (const [agent, committed] of this.#world.auditor.takeChanges()) this.#model.check(agent, committed);
    for (const watcher of this.#watchers.values()) watcher.check();
  }

  #raise(process?: SimulatedProcess): void {
    const violation = process?.violation ?? this.#world.auditor.violation;
    if (violation !== undefined) throw violation;
  }

  /** Opens every gate, answers every question, lets time pass: then all must end. */
  async #comeToRest(): Promise<void> {
    this.#isResting = true;
    await this.#population.pass(true);
    for (let round = 0; round < maxRestRounds; round++) {
      if (await this.#isAtRest()) return this.#checkAtRest();
      if (round % 50 === 0) await this.#resumeAll();
      for (const process of this.#population.living) {
        process.openGates();
        for (const wait of process.runtime.waits()) own(process.runtime.respond(wait.id, "yes"));
      }
      for (let turn = 0; turn < 4; turn++) await yieldMacrotask();
      this.#population.advance(round < 100 ? 100 : 10_000);
      this.#check();
    }
    const left = [...this.#world.auditor.unfinished(), ...this.#model.open];
    const stats = this.#population.living.map(({ runtime }) => JSON.stringify(runtime.stats()));
    hold(false, "I3", () => `the program does not come to rest: ${stats.join()}; unfinished: ${left.join("; ")}`);
  }

  /** Resumes what is paused, forks included, and takes what nobody works on. */
  async #resumeAll(): Promise<void> {
    for (const { runtime } of this.#population.living) own(runtime.recover());
    const { runtime } = this.#population.any();
    for (const run of await runtime.runs({ status: ["paused"], limit: 10_000 }))
      own(runtime.control(run.cell, run.runId, { kind: "resume" }));
  }

  async #isAtRest(): Promise<boolean> {
    if (!this.#looksAtRest()) return false;
    for (const { runtime } of this.#population.living) if (!(await becomesIdle(runtime))) return false;
    this.#check();
    // What was being admitted, or asked by a process that was looked at before, may have begun meanwhile.
    return this.#looksAtRest();
  }

  #looksAtRest(): boolean {
    if (this.#model.open.size > 0 || this.#world.auditor.unfinished().length > 0) return false;
    if (this.#population.living.some(({ runtime }) => hasWork(runtime.stats()))) return false;
    return !this.#world.data.memory.cells().some(({ cell, hasMail }) => hasMail && !cell.startsWith("~"));
  }

  /** What one process shows of its agents and runs, once it is alone, is what the logs say. */
  async #checkAtRest(): Promise<void> {
    this.#model.checkAtRest(this.#world.auditor.all());
    const process = await this.#population.leaveOne();
    for (const target of targets) {
      const agent = `${target.type}/${target.key}`;
      const shown = await settleWithin(process.runtime.snapshot(idOf(target)), "snapshot");
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
    this.#watchAgain();
    for (let turn = 0; turn < 8; turn++) await yieldMacrotask();
    for (const watcher of this.#watchers.values()) watcher.checkAtRest();
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
}
