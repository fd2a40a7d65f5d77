import type { Tool } from "./tool.ts";

interface Gate {
  running: number;
  readonly waiting: (() => void)[];
}

/**
 * Holds the `concurrency` of tools within one run. Whoever runs calls makes one for each run and passes it along.
 *
 * 1. At most `tool.concurrency` calls of one tool run at once; the others wait in the order they came.
 * 2. A call that stops waiting because its signal aborts leaves the line at once and takes no place.
 * 3. Tools without a limit cost nothing; a tool nobody uses any more is forgotten.
 */
export class ToolLimiter {
  readonly #gates = new Map<string, Gate>();

  /**
   * Waits for a place.
   *
   * @returns a function that gives the place back; calling it twice does nothing more.
   * @throws The signal's reason, unwrapped, when it aborts first.
   */
  async enter(tool: Pick<Tool, "name" | "concurrency">, signal: AbortSignal): Promise<() => void> {
    if (tool.concurrency === Number.POSITIVE_INFINITY) return doNothing;
    const gate = this.#gates.get(tool.name) ?? { running: 0, waiting: [] };
    this.#gates.set(tool.name, gate);
    if (gate.running < tool.concurrency) gate.running += 1;
    else await waitInLine(gate, signal);
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      this.#leave(tool.name, gate);
    };
  }

  #leave(name: string, gate: Gate): void {
    // The place goes straight to the next in line: nobody who comes later can take it.
    const next = gate.waiting.shift();
    if (next !== undefined) return next();
    gate.running -= 1;
    if (gate.running === 0) this.#gates.delete(name);
  }
}

function waitInLine(gate: Gate, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const enter = (): void => {
      signal.removeEventListener("abort", leave);
      resolve();
    };
    const leave = (): void => {
      gate.waiting.splice(gate.waiting.indexOf(enter), 1);
      reject(signal.reason);
    };
    gate.waiting.push(enter);
    signal.addEventListener("abort", leave, { once: true });
  });
}

function doNothing(): void {}
