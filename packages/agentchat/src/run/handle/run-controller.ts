/**
 * One run as its caller holds it.
 *
 * Owns: the reader of the run's events, what it has read, the promise of the result, the link to the caller's signal.
 * Does not own: the run. It is an actor's work; any number of handles may watch and steer it.
 * Invariants:
 * H1. Starting never throws: whatever goes wrong rejects the result, and reaches whoever iterates.
 * H2. A failure that nobody looked at is reported once to the runtime's error port; it is never an unhandled rejection. That this process
 *     does not work on the run any more is none.
 * H3. `cancel` resolves when everything the run started has ended.
 * H4. When the run is over, nothing is left on the caller's signal and no reader stays open; a run without session and id of its own
 *     leaves nothing on the runtime.
 * H5. Leaving the last loop over the run cancels it; watching with `events()` never does.
 * H6. A run that another process takes over is read on from there. One that this process cannot follow rejects: with `run.detached`, or with
 *     what blocks it; it never looks like one that was cancelled.
 */
import {
  type CellEvent,
  createDeferred,
  type Deferred,
  type JsonValue,
  type LiveEvent,
  type Store,
  TeamError,
  TroupeError,
} from "@troupe/core";
import { createRunError } from "../../message/run-error.ts";
import type { ChatMessage, Task } from "../../message/chat-message.ts";
import { parseTask } from "../../message/parse-task.ts";
import type { Question } from "../../message/question.ts";
import type { RunEvent } from "../../message/run-event.ts";
import type { RunResult } from "../../message/run-result.ts";
import { Interject, StopRun } from "../../turn/protocol.ts";
import { contextMissing } from "../context/define-context.ts";
import { mergeDeltas } from "./merge-deltas.ts";
import { RunEventIterator } from "./run-event-iterator.ts";
import { changeMember } from "./change-members.ts";
import type { InterruptOptions, Run, RunHandle, RunSnapshot, WatchOptions } from "./run-handle.ts";
import { type Attempt, idTaken, type RunStart, type RunTarget, startRun, unknownRun } from "../run-target.ts";
import { RestWatch } from "./rest-watch.ts";
import { answerOf, isSettled, settledQuestion, waitOf } from "./run-questions.ts";
import { catchUp, explainBreak, isKnown, type ReadRun, restsAtQuestions, whyItLeft } from "./run-standing.ts";
import { RunTranscript } from "./run-transcript.ts";

/** What a controller works on. */
export interface RunPlan<Output> {
  readonly target: RunTarget;
  /** Undefined for a run that is attached to. What was wrong with the call rejects the run. */
  readonly start: Attempt<RunStart> | undefined;
  /** True when the caller named the run: it may be there already. */
  readonly mayBeKnown: boolean;
  /** True has turns restarted that do not fit the code. */
  readonly restartsMisfits?: boolean | undefined;
  /** Set for a fork: copies the run it comes from. */
  readonly copy?: (() => Promise<void>) | undefined;
  /** Makes a fork of this run; `started` resolves when there is something to fork. */
  readonly fork: (sequence: number, started: Promise<void>) => Run<Output>;
  readonly signal: AbortSignal | undefined;
  readonly onQuestion: ((question: Question) => unknown) | undefined;
  /** True for a run without session and id of its own. */
  readonly isEphemeral: boolean;
  /** True when the run was given values with this handle: they go with it. */
  readonly gaveContext?: boolean | undefined;
  /** Where the record of the run goes when it ends. */
  readonly archive: Store | undefined;
  /** Turns recorded data into the output. @throws when it does not fit. */
  readonly readOutput: (data: JsonValue | undefined) => Output;
}

export class RunController<Output> implements RunHandle<Output> {
  readonly id: string;
  readonly #plan: RunPlan<Output>;
  readonly #transcript = new RunTranscript();
  readonly #reading: ReadRun;
  readonly #opened: Deferred<void> = createDeferred<void>();
  readonly #started: Deferred<void> = createDeferred<void>();
  readonly #done: Promise<void>;
  #rest: Deferred<RunResult<Output>> = createDeferred<RunResult<Output>>();
  #isRead = false;
  #isResting = false;
  #restWatch: RestWatch | undefined;
  #isObserved = false;
  #loops = 0;
  /** Why a queued run shall not start. */
  #queueLeft: string | undefined;
  #questionFailure: { readonly error: unknown } | undefined;

  constructor(plan: RunPlan<Output>) {
    this.id = plan.target.runId;
    this.#plan = plan;
    this.#reading = { target: plan.target, transcript: this.#transcript };
    this.#opened.promise.catch(doNothing);
    this.#started.promise.catch(doNothing);
    this.#rest.promise.catch(doNothing);
    this.#done = this.#drive();
  }

  // --- what the caller sees ----------------------------------------------------------------------

  result(): Promise<RunResult<Output>> {
    this.#isObserved = true;
    return this.#rest.promise;
  }

  [Symbol.asyncIterator](): AsyncIterator<RunEvent> {
    this.#isObserved = true;
    this.#loops += 1;
    return this.#watch(1, {
      ended: async () => {
        await this.#rest.promise;
      },
      left: async () => {
        this.#loops -= 1;
        if (this.#loops === 0) await this.#cancel({ by: "left", text: "The loop over the run was left" });
      },
    });
  }

  events(options: WatchOptions = {}): AsyncIterable<RunEvent> {
    return { [Symbol.asyncIterator]: () => this.#watch(options.from ?? 1, undefined) };
  }

  #watch(from: number, loop: { ended(): Promise<void>; left(): Promise<void> } | undefined): RunEventIterator {
    const { runtime, cell } = this.#plan.target;
    return new RunEventIterator({
      from,
      loop,
      isRead: () => this.#isRead,
      opened: this.#opened.promise,
      started: this.#started.promise,
      done: this.#done,
      kept: this.#transcript.events,
      explain: (error) => explainBreak(this.id, error),
      open: (next, signal) =>
        runtime.events(cell, { runId: this.id, from: next, signal, live: true, merge: mergeDeltas }),
    });
  }

  messages(): readonly ChatMessage[] {
    return [...this.#transcript.messages];
  }

  snapshot(): RunSnapshot {
    const { end, events, questions } = this.#transcript;
    const ended = end?.kind === "run-failed" ? "failed" : "finished";
    return {
      kind: "run",
      version: 1,
      runId: this.id,
      sequence: events.length,
      status: end !== undefined ? ended : this.#isResting ? "resting" : "running",
      messages: this.messages(),
      questions,
      usage: this.#transcript.usage,
    };
  }

  fork(sequence: number): Run<Output> {
    return this.#plan.fork(sequence, this.#started.promise);
  }

  pending(): readonly Question[] {
    return this.#transcript.questions;
  }

  // --- steering ----------------------------------------------------------------------------------

  cancel(reason?: unknown): Promise<void> {
    return this.#cancel({ by: "cancel", text: describeReason(reason) });
  }

  async #cancel(detail: { readonly by: string; readonly text: string }): Promise<void> {
    this.#leaveQueue(detail.text);
    if (await this.#isRunning()) {
      const { runtime, cell } = this.#plan.target;
      await runtime.control(cell, this.id, { kind: "cancel", detail });
      this.#plan.target.binding.values.release(this.id, detail);
    }
    await this.#done;
  }

  /** A run that still waits for another one to end never starts. */
  #leaveQueue(text: string): void {
    const { start } = this.#plan;
    if (start?.kind !== "made" || start.value.queue === undefined) return;
    this.#queueLeft ??= text;
    start.value.queue.abort();
  }

  async stop(): Promise<void> {
    if (!(await this.#isRunning())) return;
    const { runtime, manager } = this.#plan.target;
    await runtime.tell(StopRun({ runId: this.id }), manager, { run: { runId: this.id, path: [] } });
  }

  async pause(): Promise<void> {
    await this.#control("pause");
  }

  async resume(): Promise<void> {
    await this.#control("resume");
  }

  async #control(kind: "pause" | "resume"): Promise<void> {
    if (!(await this.#isRunning())) return;
    const { runtime, cell } = this.#plan.target;
    await runtime.control(cell, this.id, { kind });
  }

  async interrupt(message: Task, options: InterruptOptions = {}): Promise<void> {
    const messages = parseTask(message);
    if (!(await this.#isRunning())) return;
    const { runtime, manager, cell } = this.#plan.target;
    await runtime.tell(Interject({ runId: this.id, messages }), manager, { run: { runId: this.id, path: [] } });
    if (options.at === "now") await runtime.control(cell, this.id, { kind: "interrupt" });
  }

  async addParticipant(name: string, team: readonly string[] = []): Promise<void> {
    if (await this.#isRunning()) await changeMember(this.#plan.target, { name, isMember: true, team });
  }

  async removeParticipant(name: string, team: readonly string[] = []): Promise<void> {
    if (await this.#isRunning()) await changeMember(this.#plan.target, { name, isMember: false, team });
  }

  async respond(questionId: string, answer: unknown): Promise<void> {
    await this.#started.promise;
    const { target } = this.#plan;
    if (this.#transcript.end !== undefined) throw settledQuestion(this.#transcript, questionId);
    try {
      await target.runtime.respond(waitOf(target, questionId), answer, { cell: target.cell });
    } catch (error) {
      const told = await answerOf(this.#reading, { questionId, error });
      // Somebody else has moved the run: the rest that the caller knows is not the last one.
      if (isSettled(told)) this.#wakeUp();
      throw told;
    }
    this.#wakeUp();
  }

  #isPending(questionId: string): boolean {
    return this.#transcript.questions.some(({ id }) => id === questionId);
  }

  /** False when it never started or is over. */
  async #isRunning(): Promise<boolean> {
    try {
      await this.#started.promise;
    } catch {
      return false;
    }
    return this.#transcript.end === undefined;
  }

  // --- the run -----------------------------------------------------------------------------------

  async #drive(): Promise<void> {
    const { signal } = this.#plan;
    const onAbort = (): void =>
      this.#own(this.#cancel({ by: "signal", text: describeReason(signal?.reason) }), "cancel");
    try {
      signal?.throwIfAborted();
      signal?.addEventListener("abort", onAbort, { once: true });
      await this.#begin();
      this.#isRead = true;
      await this.#putAway();
      await this.#settle();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#plan.target.binding.faults.drop(this.id);
      if (this.#plan.gaveContext === true) this.#plan.target.binding.values.drop(this.id);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async #begin(): Promise<void> {
    const { target, start, copy } = this.#plan;
    if (start?.kind === "threw") throw start.error;
    await target.binding.ready;
    if (copy !== undefined) await copy();
    const isThere = copy !== undefined || (this.#plan.mayBeKnown && (await isKnown(target)));
    if (start === undefined && !isThere) throw unknownRun(target);
    if (this.#plan.restartsMisfits === true) await target.runtime.control(target.cell, this.id, { kind: "restart" });
    const closing = new AbortController();
    const reading = this.#read(target.runtime.events(target.cell, { runId: this.id, signal: closing.signal }));
    // Awaited below, or its failure comes after that of the start.
    reading.catch(doNothing);
    const lack = this.#watchLack();
    try {
      this.#opened.resolve();
      // Whoever iterates the run from its first moment is there before anything happens.
      await Promise.resolve();
      if (start !== undefined && !isThere && !(await startRun(target, start.value))) {
        this.#started.reject(new Error("the run left the queue"));
        return;
      }
      this.#queueLeft = undefined;
      this.#started.resolve();
      await (lack === undefined ? reading : Promise.race([reading, lack.found]));
    } finally {
      lack?.stop();
      closing.abort("read");
      this.#transcript.close();
    }
  }

  /** A run that waits for what it was not given: this handle cannot tell how it ends. Undefined for one that needs nothing. */
  #watchLack(): { readonly found: Promise<never>; stop(): void } | undefined {
    const { binding } = this.#plan.target;
    if (!binding.needsValues) return undefined;
    const lack = createDeferred<never>();
    lack.promise.catch(doNothing);
    const stop = binding.values.watch(this.id, (name) => lack.reject(contextMissing(name)));
    return { found: lack.promise, stop };
  }

  async #read(events: AsyncIterable<CellEvent | LiveEvent>): Promise<void> {
    try {
      for await (const event of events) {
        if (event.live !== true) this.#take(event);
        if (this.#transcript.end !== undefined) return;
      }
    } catch (error) {
      throw explainBreak(this.id, error);
    }
  }

  #take(event: CellEvent): void {
    if (event.sequence === 1) this.#checkTask(event);
    this.#transcript.add(event);
    if (event.kind === "question-answered") this.#wakeUp();
    if (event.kind !== "question-asked") return;
    const { onQuestion } = this.#plan;
    const question = this.#transcript.questions.at(-1);
    if (onQuestion === undefined) this.#lookForRest();
    else if (question !== undefined) this.#own(this.#answer(question, onQuestion), "answer");
  }

  /** @throws TeamError `run.id_taken` when the run that was found has another task. */
  #checkTask(event: CellEvent): void {
    const { start, target } = this.#plan;
    const key = taskKeyOf(event);
    if (start?.kind === "made" && key !== undefined && key !== start.value.payload.taskKey) throw idTaken(target.runId);
  }

  async #answer(question: Question, onQuestion: (question: Question) => unknown): Promise<void> {
    // Read from its start, a run shows questions that have their answers: those are nobody's business any more.
    await catchUp(this.#reading);
    if (!this.#isPending(question.id)) return;
    try {
      const answer = await onQuestion(question);
      if (this.#isPending(question.id)) await this.respond(question.id, answer);
    } catch (error) {
      // Somebody else was faster.
      if (isSettled(error) || !this.#isPending(question.id)) return;
      this.#questionFailure ??= { error };
      await this.#cancel({ by: "question", text: "The answer to a question failed" });
    }
  }

  /** A finished run goes to its archive, and nothing of an ephemeral one stays; that either failed is no fault of the run. */
  async #putAway(): Promise<void> {
    const { target, archive, isEphemeral } = this.#plan;
    const { runtime, cell } = target;
    // A run that goes on elsewhere is not this handle's to drop.
    if (this.#transcript.end === undefined && this.#transcript.events.length > 0) return;
    try {
      if (archive !== undefined) await runtime.archive(cell, archive);
      if (isEphemeral) await runtime.forgetCell(cell);
    } catch (error) {
      runtime.report(error, `what is kept of run "${this.id}"`);
    }
  }

  // --- rest and end ------------------------------------------------------------------------------

  #lookForRest(): void {
    this.#restWatch ??= new RestWatch(
      () => restsAtQuestions(this.#reading),
      () => this.#rests(),
    );
    this.#own(this.#restWatch.look(), "rest");
  }

  #rests(): void {
    if (this.#isResting) return;
    this.#isResting = true;
    const detail = "The run goes on when its questions are answered";
    this.#resolve(this.#transcript.place({ kind: "input-required", detail }), undefined);
  }

  /** An answer has come: the next result is another one. */
  #wakeUp(): void {
    this.#renew();
    if (this.#plan.onQuestion === undefined && this.#transcript.end === undefined) this.#lookForRest();
  }

  #renew(): void {
    if (!this.#isResting) return;
    this.#isResting = false;
    this.#rest = createDeferred<RunResult<Output>>();
    this.#rest.promise.catch(doNothing);
  }

  async #settle(): Promise<void> {
    this.#renew();
    const { end } = this.#transcript;
    const { signal } = this.#plan;
    if (signal?.aborted === true) throw signal.reason;
    if (this.#questionFailure !== undefined) throw this.#failure(questionFailed(this.#questionFailure.error), []);
    if (end?.kind === "run-failed") {
      throw this.#failure(this.#plan.target.binding.faults.find(this.id, end.error), end.agentPath);
    }
    if (end === undefined) {
      const left = this.#queueLeft === undefined ? await whyItLeft(this.#plan.target) : undefined;
      if (left !== undefined) throw left;
      const detail = this.#queueLeft ?? "The runtime was closed";
      this.#resolve(this.#transcript.place({ kind: "cancelled", detail }), undefined);
      return;
    }
    this.#resolve({ ...end.stopReason, sequence: end.sequence }, end.output);
  }

  #resolve(stopReason: RunResult<Output>["stopReason"], data: JsonValue | undefined): void {
    const output = this.#plan.readOutput(data);
    this.#rest.resolve({ ...this.#transcript.toResult(stopReason, output), output });
  }

  #failure(error: Error, agentPath: readonly string[]): Error {
    const reason = this.#transcript.place({ kind: "stalled", detail: "The run failed" });
    return createRunError({ error, agentPath }, this.#transcript.toResult(reason, undefined));
  }

  #fail(error: unknown): void {
    this.#renew();
    this.#opened.reject(error);
    this.#started.reject(error);
    this.#rest.reject(error);
    const { signal, target } = this.#plan;
    if (signal?.aborted === true && error === signal.reason) return;
    // Whoever awaits the run does so in the same breath as starting it, or a little later.
    target.runtime.clock.setTimer(0, () => {
      if (!this.#isObserved && !isShutdown(error))
        target.runtime.report(error, `run "${this.id}", which nobody awaits`);
    });
  }

  /** Work that nobody awaits has an owner all the same: the error port. */
  #own(work: Promise<void>, what: string): void {
    work.catch((error: unknown) => {
      if (this.#transcript.end === undefined && !isShutdown(error))
        this.#plan.target.runtime.report(error, `${what} of run "${this.id}"`);
    });
  }
}

/** The task that a run was started with, as its first event has it. */
function taskKeyOf({ kind, payload }: CellEvent): string | undefined {
  if (kind !== "run-started" || typeof payload !== "object" || payload === null || !("taskKey" in payload))
    return undefined;
  const { taskKey } = payload;
  return typeof taskKey === "string" ? taskKey : undefined;
}

/** The run goes on without this process: whoever waits hears of it, and for nobody else is it a fault. */
function isShutdown(error: unknown): boolean {
  if (!TroupeError.isTroupeError(error)) return false;
  return error.code === "run.detached" || error.code === "delivery.runtime_closed";
}

function questionFailed(cause: unknown): TeamError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new TeamError("run.question_failed", `The answer to a question failed: ${message}`, {
    remedy: "Correct onQuestion, or leave it out and answer with run.respond(id, answer).",
    cause,
  });
}

function doNothing(): void {}

function describeReason(reason: unknown): string {
  if (reason instanceof Error) return reason.message;
  return typeof reason === "string" ? reason : "The run was cancelled";
}
