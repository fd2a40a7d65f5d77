import type { RunResult } from "../../message/run-result.ts";
import type { RunEvent } from "../../message/run-event.ts";
import type { Task } from "../../message/chat-message.ts";
import type { InterruptOptions, Run, RunHandle, WatchOptions } from "./run-handle.ts";
import { RunController, type RunPlan } from "./run-controller.ts";

/** Starts a run and gives it the face of a promise. */
export function createRun<Output>(plan: RunPlan<Output>): Run<Output> {
  return new RunPromise(new RunController(plan));
}

class RunPromise<Output> implements Run<Output> {
  readonly handle: RunHandle<Output>;

  constructor(handle: RunHandle<Output>) {
    this.handle = handle;
  }

  get id(): string {
    return this.handle.id;
  }

  get [Symbol.toStringTag](): string {
    return "Run";
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a run is awaited
  then<A = RunResult<Output>, B = never>(
    onFulfilled?: ((result: RunResult<Output>) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.handle.result().then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<RunResult<Output> | B> {
    return this.handle.result().catch(onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<RunResult<Output>> {
    return this.handle.result().finally(onFinally);
  }

  result(): Promise<RunResult<Output>> {
    return this.handle.result();
  }

  [Symbol.asyncIterator](): AsyncIterator<RunEvent> {
    return this.handle[Symbol.asyncIterator]();
  }

  events(options?: WatchOptions): AsyncIterable<RunEvent> {
    return this.handle.events(options);
  }

  cancel(reason?: unknown): Promise<void> {
    return this.handle.cancel(reason);
  }

  stop(): Promise<void> {
    return this.handle.stop();
  }

  pause(): Promise<void> {
    return this.handle.pause();
  }

  resume(): Promise<void> {
    return this.handle.resume();
  }

  interrupt(message: Task, options?: InterruptOptions): Promise<void> {
    return this.handle.interrupt(message, options);
  }

  addParticipant(name: string, team?: readonly string[]): Promise<void> {
    return this.handle.addParticipant(name, team);
  }

  removeParticipant(name: string, team?: readonly string[]): Promise<void> {
    return this.handle.removeParticipant(name, team);
  }

  pending(): ReturnType<RunHandle<Output>["pending"]> {
    return this.handle.pending();
  }

  respond(questionId: string, answer: unknown): Promise<void> {
    return this.handle.respond(questionId, answer);
  }

  messages(): ReturnType<RunHandle<Output>["messages"]> {
    return this.handle.messages();
  }

  snapshot(): ReturnType<RunHandle<Output>["snapshot"]> {
    return this.handle.snapshot();
  }

  fork(sequence: number): Run<Output> {
    return this.handle.fork(sequence);
  }
}
