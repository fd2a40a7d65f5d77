/** A function that collects what can be collected and returns the bytes of heap in use. @throws Error without --expose-gc. */
export function requireCollector(): () => number {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error("run the soak with --expose-gc");
  return () => {
    for (let round = 0; round < 4; round++) collect();
    return process.memoryUsage().heapUsed;
  };
}
