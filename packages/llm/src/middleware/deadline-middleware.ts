import { type Clock, ConfigError, linkSignal, ModelError, systemClock, type TimerHandle } from "@troupe/core";
import type { ChatModel, ModelEvent, ModelRequest, ModelResult } from "../model/chat-model.ts";
import { type ModelMiddleware, standingFor } from "./model-middleware.ts";

/** How long a call may take. */
export interface DeadlineOptions {
  /** Until the first event of a stream; default 120,000. */
  readonly firstByteMs?: number | undefined;
  /** Between two events of a stream; default 60,000. */
  readonly idleMs?: number | undefined;
  /** For the whole call, generated or streamed; default 600,000. */
  readonly totalMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Ends calls that take too long. The time a reader takes to use an event counts towards `totalMs` only.
 *
 * @throws ConfigError `config.invalid_option` for a limit that is not above zero. Its model throws ModelError `model.timeout`, naming the
 * limit, when one is reached.
 */
export function deadlineMiddleware(options: DeadlineOptions = {}): ModelMiddleware {
  const limits: Limits = {
    firstByteMs: options.firstByteMs ?? 120_000,
    idleMs: options.idleMs ?? 60_000,
    totalMs: options.totalMs ?? 600_000,
  };
  for (const [option, value] of Object.entries(limits)) {
    if (value > 0) continue;
    throw new ConfigError("config.invalid_option", `The deadline option "${option}" is ${value}.`, {
      remedy: "Give milliseconds above zero.",
    });
  }
  const clock = options.clock ?? systemClock;
  return (model) => ({
    ...standingFor(model),
    generate: (request) => generateWithin(model, request, { limits, clock }),
    stream: (request) => streamWithin(model, request, { limits, clock }),
  });
}

interface Limits {
  readonly firstByteMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

interface Setting {
  readonly limits: Limits;
  readonly clock: Clock;
}

async function generateWithin(
  model: ChatModel,
  request: ModelRequest,
  { limits, clock }: Setting,
): Promise<ModelResult> {
  const guard = new CallGuard(model.name, request.signal, clock);
  try {
    guard.arm("totalMs", limits.totalMs);
    return await model.generate({ ...request, signal: guard.signal });
  } finally {
    guard.release();
  }
}

async function* streamWithin(
  model: ChatModel,
  request: ModelRequest,
  { limits, clock }: Setting,
): AsyncGenerator<ModelEvent, void, undefined> {
  const guard = new CallGuard(model.name, request.signal, clock);
  try {
    guard.arm("totalMs", limits.totalMs);
    guard.arm("firstByteMs", limits.firstByteMs);
    for await (const event of model.stream({ ...request, signal: guard.signal })) {
      guard.disarm("firstByteMs");
      guard.disarm("idleMs");
      yield event;
      guard.arm("idleMs", limits.idleMs);
    }
  } finally {
    guard.release();
  }
}

/**
 * The signal of one call and the timers that may abort it. It owns its timers and its link to the caller's signal.
 *
 * 1. After `release` there is no timer and no listener left.
 */
class CallGuard {
  readonly #controller = new AbortController();
  readonly #timers = new Map<keyof Limits, TimerHandle>();
  readonly #unlink: () => void;
  readonly #model: string;
  readonly #clock: Clock;

  constructor(model: string, parent: AbortSignal | undefined, clock: Clock) {
    this.#model = model;
    this.#clock = clock;
    this.#unlink = linkSignal(parent, this.#controller);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  arm(limit: keyof Limits, limitMs: number): void {
    this.#timers.set(
      limit,
      this.#clock.setTimer(limitMs, () => this.#controller.abort(this.#timeout(limit, limitMs))),
    );
  }

  disarm(limit: keyof Limits): void {
    this.#timers.get(limit)?.cancel();
    this.#timers.delete(limit);
  }

  release(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#unlink();
  }

  #timeout(limit: keyof Limits, limitMs: number): ModelError {
    return new ModelError(
      "model.timeout",
      `The call to model "${this.#model}" passed its limit "${limit}" of ${limitMs} ms.`,
      {
        remedy: `Try again, or raise "${limit}".`,
        details: { model: this.#model, limit, limitMs },
      },
    );
  }
}
