/**
 * The questions that turns have put to the outside world, and their timers (C16).
 *
 * Owns: one entry for each open wait or sleep, with its deadline timer.
 * Invariants:
 * X1. Exactly one of answer, deadline and cancel settles a wait; what comes later gets `wait.already_settled`.
 * X2. An answer that does not fit the schema is refused and leaves the wait open.
 * X3. The outcome is recorded before the handler sees it; a parked turn runs again.
 * X4. Settled ids are remembered in a bounded list, so that a late answer is told apart from an unknown one.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { createDeferred, type Deferred, isPromiseLike, type TimerHandle } from "../../async/index.ts";
import type { ControlReason } from "../../agent/index.ts";
import { StateError, toError } from "../../errors/index.ts";
import { validate } from "../../message/index.ts";
import { freezeJson, type JournalRecord, type WaitRecord, type WaitRecordOutcome } from "../../store/index.ts";
import type { OpenWait } from "../agent-runtime.ts";
import type { Engine } from "../engine.ts";
import { writeJournal } from "../turn/flush.ts";
import type { Turn } from "../turn/turn.ts";

/** An open wait and who hears of its end. */
export interface WaitEntry {
  readonly turn: Turn;
  readonly key: string;
  readonly record: WaitRecord;
  readonly schema: StandardSchemaV1 | undefined;
  /** Hands the outcome to the frame that waits, if it still does. */
  readonly handOut: (outcome: WaitRecordOutcome) => void;
}

interface OpenEntry extends WaitEntry {
  timer: TimerHandle | undefined;
}

const maxRemembered = 10_000;

export class WaitTable {
  readonly #engine: Engine;
  readonly #open = new Map<string, OpenEntry>();
  readonly #settled = new Set<string>();
  /** Waits that a log holds and whose turn has not replayed as far yet, with who wants to answer them. */
  readonly #expected = new Map<string, { readonly turn: Turn; readonly opened: Deferred<void> }>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get size(): number {
    return this.#open.size;
  }

  /** A log holds an open wait of a turn that is about to replay: an answer waits for it to get there. */
  expect(id: string, turn: Turn): void {
    if (!this.#open.has(id)) this.#expected.set(id, { turn, opened: createDeferred<void>() });
  }

  /** A turn will not replay as far as its waits: who wants to answer them hears that they are gone. */
  giveUp(turn: Turn): void {
    for (const [id, expected] of this.#expected) if (expected.turn === turn) this.#arrived(id);
  }

  #arrived(id: string): void {
    this.#expected.get(id)?.opened.resolve();
    this.#expected.delete(id);
  }

  /** Opens a wait, or gives an open one to the frame that replays its turn. */
  open(entry: WaitEntry): void {
    const known = this.#open.get(entry.record.id);
    known?.timer?.cancel();
    const left = Math.max(0, entry.record.deadline - this.#engine.clock.now());
    const timer = this.#engine.timers.set(left, () => this.#expire(entry.record.id));
    if (entry.record.isTimer) timer.keepAlive?.(true);
    this.#open.set(entry.record.id, { ...entry, timer });
    this.#arrived(entry.record.id);
  }

  has(id: string): boolean {
    return this.#open.has(id);
  }

  list(runId: string | undefined): readonly OpenWait[] {
    return [...this.#open.values()]
      .filter((entry) => !entry.record.isTimer && (runId === undefined || entry.turn.mail.run?.runId === runId))
      .map(({ record, turn }) => ({
        id: record.id,
        name: record.name,
        cell: turn.activation.cell.name,
        agent: turn.activation.id,
        run: turn.mail.run,
        question: record.question,
        deadline: record.deadline,
      }));
  }

  /** @throws StateError `wait.unknown`, `wait.already_settled`, `wait.invalid_answer`. */
  async respond(id: string, answer: unknown): Promise<void> {
    await this.#expected.get(id)?.opened.promise;
    const entry = this.#open.get(id);
    if (entry === undefined || entry.record.isTimer) throw this.#settled.has(id) ? alreadySettled(id) : unknownWait(id);
    const what = `answer to "${entry.record.name}"`;
    const frozen = checkAnswer(entry, answer, what);
    await this.#settle(id, { status: "answered", answer: frozen });
  }

  #expire(id: string): void {
    const entry = this.#open.get(id);
    if (entry === undefined) return;
    this.#engine.own(
      this.#settle(id, { status: entry.record.isTimer ? "elapsed" : "deadline" }),
      `deadline of wait "${id}"`,
    );
  }

  /** Ends the waits of a stopped turn. */
  async cancelTurn(turn: Turn, reason: ControlReason): Promise<void> {
    const ids = [...this.#open].flatMap(([id, entry]) => (entry.turn === turn ? [id] : []));
    for (const id of ids) if (this.#open.has(id)) await this.#settle(id, { status: "cancelled", reason });
  }

  /** Forgets the waits of a turn that is over. */
  closeTurn(turn: Turn): void {
    if (this.#open.size === 0) return;
    for (const [id, entry] of this.#open) {
      if (entry.turn !== turn) continue;
      entry.timer?.cancel();
      this.#open.delete(id);
      this.#remember(id);
    }
  }

  clear(): void {
    for (const id of this.#expected.keys()) this.#arrived(id);
    for (const entry of this.#open.values()) entry.timer?.cancel();
    this.#open.clear();
  }

  async #settle(id: string, outcome: WaitRecordOutcome): Promise<void> {
    const entry = this.#open.get(id);
    if (entry === undefined) throw alreadySettled(id);
    this.#open.delete(id);
    entry.timer?.cancel();
    this.#remember(id);
    const { turn, key } = entry;
    if (!turn.isParked) turn.wake();
    const record: JournalRecord = { kind: "wait-settled", at: this.#engine.clock.now(), turn: turn.id, key, outcome };
    try {
      const written = writeJournal(turn, [record]);
      if (isPromiseLike(written)) await written;
    } catch (error) {
      turn.failAttempt(toError(error));
      throw error;
    }
    turn.progress();
    if (turn.isParked) {
      turn.unpark();
      return;
    }
    turn.frame.now = record.at;
    entry.handOut(outcome);
  }

  #remember(id: string): void {
    this.#settled.add(id);
    if (this.#settled.size <= maxRemembered) return;
    for (const oldest of this.#settled) {
      this.#settled.delete(oldest);
      return;
    }
  }
}

function checkAnswer(entry: WaitEntry, answer: unknown, what: string): ReturnType<typeof freezeJson> {
  try {
    const frozen = freezeJson(answer, what);
    if (entry.schema !== undefined) validate(entry.schema, frozen, { what });
    return frozen;
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new StateError("wait.invalid_answer", `The ${what} does not fit: ${detail}`, {
      remedy: "Answer in the form of the question's schema; the wait is still open.",
      cause,
      details: { id: entry.record.id },
    });
  }
}

function alreadySettled(id: string): StateError {
  return new StateError("wait.already_settled", `Wait "${id}" has its answer, its deadline or its cancel already`, {
    remedy: "Nothing: the first answer counts.",
    details: { id },
  });
}

function unknownWait(id: string): StateError {
  return new StateError("wait.unknown", `There is no wait "${id}"`, {
    remedy: "Take the id from runtime.waits() or from the question's event.",
    details: { id },
  });
}
