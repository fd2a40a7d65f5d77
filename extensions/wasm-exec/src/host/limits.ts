import { ConfigError } from "@troupe/core";

/** Limits of a `wasmExecutor`. */
export interface WasmExecutorOptions {
  /** Bytes for a program: engine, code and data together; from 32 MiB to 2 GiB; default 128 MiB. */
  readonly memoryBytes?: number | undefined;
  /** Milliseconds for all blocks of a call that names no limit of its own; default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** What a call may ask for at most; default 60,000, or `timeoutMs` when that is more. */
  readonly maxTimeoutMs?: number | undefined;
  /** UTF-8 bytes of output that are kept; the rest is cut and marked; default 1 MiB. */
  readonly outputBytes?: number | undefined;
  /** Programs that run at once, each in a thread of its own; default 2. */
  readonly workers?: number | undefined;
  /** Milliseconds after which an unused thread ends; default 30,000. */
  readonly idleMs?: number | undefined;
}

/** The options with their defaults. */
export type WasmExecutorLimits = { readonly [Name in keyof WasmExecutorOptions]-?: number };

const mebibyte = 1_048_576;

/**
 * Checks the options and fills in the defaults.
 *
 * @throws ConfigError `config.invalid_option` naming the option.
 */
export function parseLimits(options: WasmExecutorOptions): WasmExecutorLimits {
  const timeoutMs = inRange("timeoutMs", options.timeoutMs ?? 10_000, [1, 2_000_000_000]);
  return Object.freeze({
    timeoutMs,
    maxTimeoutMs: inRange("maxTimeoutMs", options.maxTimeoutMs ?? Math.max(60_000, timeoutMs), [
      timeoutMs,
      2_000_000_000,
    ]),
    memoryBytes: inRange("memoryBytes", options.memoryBytes ?? 128 * mebibyte, [32 * mebibyte, 2048 * mebibyte]),
    outputBytes: inRange("outputBytes", options.outputBytes ?? mebibyte, [1, 64 * mebibyte]),
    workers: inRange("workers", options.workers ?? 2, [1, 64]),
    idleMs: inRange("idleMs", options.idleMs ?? 30_000, [0, 2_000_000_000]),
  });
}

function inRange(option: string, value: number, [least, most]: readonly [number, number]): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ConfigError("config.invalid_option", `${option} of wasmExecutor is ${value}`, {
    remedy: `Give a whole number from ${least} to ${most}, or leave it out.`,
    details: { option },
  });
}
