import { exitCodes } from "./exit-codes.ts";

/** The longest delay of a timer: its callback does nothing, it only keeps the process alive. */
const keepAliveMs = 2_147_483_647;

/**
 * Calls `cancel` at the first Ctrl+C and leaves at once at the second; returns the function that stops listening.
 *
 * 1. The first press never ends the process by itself: what `cancel` started gets to finish.
 * 2. Until the returned function runs, the process stays alive, even when all that it waits for is a promise.
 * 3. After the returned function ran, Ctrl+C does what it did before.
 */
export function onInterrupt(cancel: () => void): () => void {
  let presses = 0;
  const listener = (): void => {
    presses += 1;
    if (presses > 1) process.exit(exitCodes.interrupted);
    process.stderr.write("\nstopping; press Ctrl+C again to leave at once\n");
    cancel();
  };
  const keepAlive = setInterval(() => {}, keepAliveMs);
  process.on("SIGINT", listener);
  return () => {
    clearInterval(keepAlive);
    process.off("SIGINT", listener);
  };
}

/** Something that can be stopped, such as a run. */
export interface Cancellable {
  cancel(): Promise<void>;
}

/** Starts something and waits for what is made of it; the first Ctrl+C meanwhile cancels it. */
export async function withInterrupt<Started extends Cancellable, Result>(
  start: () => Started,
  use: (started: Started) => PromiseLike<Result>,
): Promise<Result> {
  const running: { started?: Started } = {};
  // A cancel that fails shows in what the run itself comes to.
  const stopListening = onInterrupt(() => void running.started?.cancel().catch(() => {}));
  try {
    running.started = start();
    return await use(running.started);
  } finally {
    stopListening();
  }
}
