/**
 * One agent in memory: its mailbox, its committed state, and the turns it is in.
 *
 * Owns: the mailbox and its bound, the live state object, the lists. Does not own: what a turn does (Turn), where mail comes from.
 * Invariants:
 * N1. At most `concurrency` exclusive turns run at once; mail is handled in the order it arrived (C1, C10).
 * N2. The state object belongs to the turn at work; after a failure it is rebuilt from the last commit (C2).
 * N3. An activation without mail and turns is in the idle list, and only then can it be passivated.
 */
import type { MaybePromise } from "../../async/index.ts";
import { type Blueprint, trustType } from "../../agent/index.ts";
import { type JsonValue, StateError } from "../../errors/index.ts";
import { type AgentId, formatAgentId } from "../../identity/index.ts";
import { encodeJson } from "../../message/index.ts";
import type { AgentImage, Mail } from "../../store/index.ts";
import type { Cell } from "../cell/cell.ts";
import type { RunLog } from "../run/run-log.ts";
import { MailboxGate } from "../door/mailbox-gate.ts";
import type { Engine } from "../engine.ts";
import { Turn } from "../turn/turn.ts";
import type { WaitNode } from "./deadlock-detector.ts";
import type { Restable } from "./idle-list.ts";
import type { Runnable } from "./scheduler.ts";

export class Activation implements Runnable, Restable<Activation> {
  readonly id: AgentId;
  readonly key: string;
  readonly blueprint: Blueprint;
  readonly cell: Cell;
  readonly #engine: Engine;
  #mailbox: Mail[] = [];
  #head = 0;
  #isReady = false;
  #gate: MailboxGate | undefined;
  /** Things on their way to it: mail that is being stored. */
  #expected = 0;
  readonly turns: Set<Turn> = new Set();
  #exclusive = 0;
  #state: unknown;
  #hasState = false;
  /** JSON text of the committed state; undefined while it equals the initial one. */
  #committed: string | undefined;
  #lists: Record<string, JsonValue[]> | undefined;
  older: Activation | undefined;
  newer: Activation | undefined;
  isListed = false;
  restingSince = 0;

  constructor(engine: Engine, id: AgentId, parts: { readonly blueprint: Blueprint; readonly cell: Cell }) {
    this.#engine = engine;
    this.id = id;
    this.key = formatAgentId(id);
    this.blueprint = parts.blueprint;
    this.cell = parts.cell;
    const image = parts.cell.image(this.key);
    if (image !== undefined) this.load(image);
  }

  get queued(): number {
    return this.#mailbox.length - this.#head;
  }

  get isAtRest(): boolean {
    return this.queued === 0 && this.turns.size === 0 && this.#expected === 0;
  }

  /** Mail is on its way through the store: the activation stays until it has arrived. */
  expect(): void {
    this.#expected += 1;
    if (this.isListed) this.#engine.agents.wake(this);
  }

  /** What was expected is here, or will never come. */
  arrived(): void {
    this.#expected -= 1;
    this.#openGate();
    if (this.isAtRest) this.#engine.agents.rest(this);
  }

  enqueue(mail: Mail): void {
    if (this.isListed) this.#engine.agents.wake(this);
    this.runOf(mail)?.enqueued();
    this.#mailbox.push(mail);
    this.#makeReady();
  }

  /** Takes the oldest published event out of a full mailbox; requests and settlements are never dropped (C13). */
  dropOldestEvent(): Mail | undefined {
    for (let index = this.#head; index < this.#mailbox.length; index++) {
      const mail = this.#mailbox[index];
      if (mail?.topic === undefined) continue;
      this.#mailbox.splice(index, 1);
      this.runOf(mail)?.dropped();
      return mail;
    }
    return undefined;
  }

  /** Where senders from outside wait when the mailbox is full. */
  get gate(): MailboxGate {
    this.#gate ??= new MailboxGate();
    return this.#gate;
  }

  /** Lets in as many senders as there is room for. */
  #openGate(): void {
    this.#gate?.open(this.#engine.limits.mailboxCapacity - this.queued - this.#expected);
  }

  /** Messages here and before the gate: what a newcomer has to wait for. */
  get pressure(): number {
    return this.queued + this.#expected + (this.#gate?.load ?? 0);
  }

  /** Takes everything that waits, for example at close. */
  drain(): readonly Mail[] {
    const mails = this.#mailbox.slice(this.#head);
    this.#mailbox = [];
    this.#head = 0;
    this.#gate?.open(Number.POSITIVE_INFINITY);
    for (const mail of mails) this.runOf(mail)?.dropped();
    return mails;
  }

  /** The run a message belongs to, in cells that keep a log. */
  runOf(mail: Mail): RunLog | undefined {
    return mail.run === undefined || !this.cell.keepsLog ? undefined : this.cell.run(mail.run.runId);
  }

  #makeReady(): void {
    if (this.#isReady || !this.#canStart()) return;
    this.#isReady = true;
    this.#engine.scheduler.add(this);
  }

  /** Looks again whether work can start: a turn has ended, a run was resumed. */
  recheck(): void {
    this.#makeReady();
  }

  #canStart(): boolean {
    return this.#nextIndex() >= 0;
  }

  /** The first mail that may start now: shared handlers pass a busy turn, mail of a paused run waits. */
  #nextIndex(): number {
    const hasSlot = this.#exclusive < this.blueprint.concurrency;
    if (hasSlot && !this.#engine.hasPausedRuns) return this.queued > 0 ? this.#head : -1;
    if (!hasSlot && !this.blueprint.hasShared) return -1;
    for (let index = this.#head; index < this.#mailbox.length; index++) {
      const mail = this.#mailbox[index];
      if (mail === undefined || this.#isHeld(mail)) continue;
      if (hasSlot || this.#isShared(mail)) return index;
    }
    return -1;
  }

  #isHeld(mail: Mail): boolean {
    return mail.run !== undefined && this.cell.findRun(mail.run.runId)?.isPaused === true;
  }

  #isShared(mail: Mail): boolean {
    return mail.kind !== "settlement" && this.blueprint.routes.get(mail.type)?.isShared === true;
  }

  run(): void {
    this.#isReady = false;
    const index = this.#nextIndex();
    if (index < 0) return;
    const mail = this.#remove(index);
    if (mail !== undefined) this.runOf(mail)?.begun();
    this.#openGate();
    if (mail !== undefined) this.begin(new Turn(this.#engine, this, { mail, isShared: this.#isShared(mail) }));
    this.#makeReady();
  }

  #remove(index: number): Mail | undefined {
    if (index !== this.#head) return this.#mailbox.splice(index, 1)[0];
    const mail = this.#mailbox[this.#head];
    this.#head += 1;
    if (this.#head === this.#mailbox.length) {
      this.#mailbox.length = 0;
      this.#head = 0;
    } else if (this.#head > 256 && this.#head * 2 > this.#mailbox.length) {
      this.#mailbox = this.#mailbox.slice(this.#head);
      this.#head = 0;
    }
    return mail;
  }

  /** Starts a turn; also used for turns that a log brings back. */
  begin(turn: Turn): void {
    this.turns.add(turn);
    if (!turn.isShared) this.#exclusive += 1;
    turn.start();
  }

  ended(turn: Turn): void {
    if (!this.turns.delete(turn)) return;
    if (!turn.isShared) this.#exclusive -= 1;
    if (this.queued > 0) this.#makeReady();
    else if (this.isAtRest) this.#engine.agents.rest(this);
  }

  *blockedOn(): Iterable<readonly WaitNode[]> {
    if (this.#exclusive < this.blueprint.concurrency) return;
    for (const turn of this.turns) if (!turn.isShared) yield turn.waitsFor;
  }

  // --- state -------------------------------------------------------------------------------------

  /** The state object of the turn at work. */
  get state(): unknown {
    if (!this.#hasState) {
      this.#state = this.#committed === undefined ? this.blueprint.initialState() : JSON.parse(this.#committed);
      this.#hasState = true;
    }
    return this.#state;
  }

  /** True when no turn has looked at the state since the last commit or failure: then it cannot have changed. */
  get isStateUntouched(): boolean {
    return !this.#hasState;
  }

  get committedState(): string {
    return this.#committed ?? this.blueprint.initialJson;
  }

  get lists(): Readonly<Record<string, readonly JsonValue[]>> {
    return this.#lists ?? {};
  }

  commitState(json: string): void {
    this.#committed = json === this.blueprint.initialJson ? undefined : json;
  }

  commitList(name: string, items: readonly JsonValue[], isReplaced: boolean): void {
    this.#lists ??= {};
    const list = this.#lists[name];
    if (list === undefined || isReplaced) this.#lists[name] = [...items];
    else for (const item of items) list.push(item);
  }

  /** Drops what an attempt did to the state: the next one starts from the last commit. */
  dropDraft(): void {
    this.#state = undefined;
    this.#hasState = false;
  }

  forget(): void {
    this.dropDraft();
    this.#committed = undefined;
    this.#lists = undefined;
  }

  load(image: AgentImage): void {
    this.dropDraft();
    this.#committed = currentState(this.key, this.blueprint, image);
    this.#lists = Object.fromEntries(Object.entries(image.lists).map(([name, items]) => [name, [...items]]));
  }

  /** What stays when the activation goes; undefined when nothing ever changed. */
  image(): AgentImage | undefined {
    const lists = this.#lists ?? {};
    const hasItems = Object.values(lists).some((items) => items.length > 0);
    if (this.#committed === undefined) return hasItems ? { lists } : undefined;
    const { stateVersion } = this.blueprint;
    return { state: this.#committed, lists, ...(stateVersion > 1 && { version: stateVersion }) };
  }

  /** Tells the definition that the activation goes. */
  passivated(): MaybePromise<void> {
    return this.blueprint.options.onPassivate?.(this.id);
  }
}

/** Stored state in the form of the registered definition. @throws StateError `state.newer_version`. */
function currentState(agent: string, blueprint: Blueprint, image: AgentImage): string | undefined {
  const { stateVersion, options } = blueprint;
  const version = image.version ?? 1;
  if (image.state === undefined || version === stateVersion) return image.state;
  if (version > stateVersion) throw newerVersion(agent, version, stateVersion);
  if (options.migrate === undefined) return image.state;
  return encodeJson(
    options.migrate(trustType<JsonValue>(JSON.parse(image.state)), version),
    `migrated state of "${agent}"`,
  );
}

function newerVersion(agent: string, stored: number, known: number): StateError {
  return new StateError(
    "state.newer_version",
    `The state of "${agent}" has version ${stored}; this program knows ${known}`,
    {
      remedy: "Run the newer program, or restore the agent from a snapshot of its own version.",
      details: { agent, stored, known },
    },
  );
}
