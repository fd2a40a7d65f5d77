/**
 * Lets timers, I/O and rendering have a turn, then goes on: for loops that would otherwise starve the process.
 *
 * Uses `setImmediate` where there is one, else a `MessageChannel`, else a timer (browsers make nested timers wait 4 ms).
 */
export function yieldMacrotask(): Promise<void> {
  return new Promise<void>((resolve) => {
    const immediate: unknown = Reflect.get(globalThis, "setImmediate");
    if (typeof immediate === "function") Reflect.apply(immediate, undefined, [resolve]);
    else if (typeof MessageChannel === "function") postToSelf(resolve);
    else setTimeout(resolve, 0);
  });
}

function postToSelf(resolve: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    resolve();
  };
  port2.postMessage(undefined);
}
