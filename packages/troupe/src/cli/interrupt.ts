import { exitCodes } from "./exit-codes.ts";

/**
 * Calls `cancel` at the first Ctrl+C and leaves at once at the second; returns the function that stops listening.
 *
 * 1. The first press never ends the process by itself: what `cancel` started gets to finish.
 * 2. After the returned function ran, Ctrl+C does what it did before.
 */
export function onInterrupt(cancel: () => void): () => void {
  let presses = 0;
  const listener = (): void => {
    presses += 1;
    if (presses > 1) process.exit(exitCodes.interrupted);
    process.stderr.write("\nstopping; press Ctrl+C again to leave at once\n");
    cancel();
  };
  process.on("SIGINT", listener);
  return () => process.off("SIGINT", listener);
}
