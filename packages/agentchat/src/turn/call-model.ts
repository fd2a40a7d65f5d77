import { ModelError, raceSignal, type StepContext } from "@troupe/core";
import { estimateTokens, type ModelEvent, type ModelRequest, type ModelResult, priceOf, type Usage } from "@troupe/llm";
import type { SettleReservation } from "../budget/run-ledger.ts";
import type { ModelCall, ModelOutcome } from "./chat-agent-context.ts";
import type { AgentTurn } from "./agent-turn.ts";

/** Output tokens that are reserved for a call which sets no limit of its own. */
const assumedOutputTokens = 4_096;

/** What the step of a model call records. */
interface RecordedCall {
  readonly result: ModelResult;
  readonly usd: number | null;
  readonly durationMs: number;
}

/** Asks a model as one journaled, idempotent step; what it used is booked where it ran, and recorded as an event. */
export async function callModel(turn: AgentTurn, call: ModelCall): Promise<ModelOutcome> {
  const partial = { text: "" };
  const outcome = await turn.stepOutcome("model", (step) => runModel(turn, call, { step, partial }), {
    idempotent: true,
  });
  switch (outcome.status) {
    case "done": {
      const { result, usd, durationMs } = outcome.value;
      turn.report({ kind: "model-called", model: call.model.name, usage: result.usage, usd, durationMs });
      return { status: "ok", result };
    }
    case "failed":
      return { status: "failed", error: outcome.error };
    case "cancelled":
      return {
        status: "stopped",
        reason: outcome.reason,
        partialText: typeof outcome.partial === "string" ? outcome.partial : "",
      };
    case "unknown":
      if (outcome.reason === undefined) return { status: "failed", error: lostCall(call.model.name) };
      return { status: "stopped", reason: outcome.reason, partialText: partial.text };
  }
}

interface RunningCall {
  readonly step: StepContext;
  readonly partial: { text: string };
}

async function runModel(turn: AgentTurn, call: ModelCall, running: RunningCall): Promise<RecordedCall> {
  const { model } = call;
  const { clock } = turn.environment;
  const settle = reserve(turn, call);
  const startedAt = clock.monotonic();
  try {
    turn.report({ kind: "model-started", model: model.name });
    const request: ModelRequest = { ...call.request, signal: running.step.signal };
    const isStreamed = call.messageId !== undefined && model.capabilities.streaming;
    // Leaving a model is always safe: a call that does not hear its signal is left at once.
    const result = isStreamed
      ? await readStream(turn, { call, request, running })
      : await raceSignal(model.generate(request), request.signal);
    const usd = result.cached === true ? 0 : priceUsage(turn, model.name, result.usage);
    settle({ model: model.name, agent: turn.agentName, usage: result.usage, usd });
    return { result, usd, durationMs: Math.round(clock.monotonic() - startedAt) };
  } finally {
    settle();
  }
}

function priceUsage(turn: AgentTurn, model: string, usage: Usage): number | null {
  const day = new Date(turn.environment.clock.now()).toISOString().slice(0, 10);
  return priceOf(usage, model, { table: turn.environment.prices, day });
}

/** Estimating costs a walk over the whole history: only done when a limit needs it. */
function reserve(turn: AgentTurn, { model, request }: ModelCall): SettleReservation {
  const { ledger } = turn.resources;
  const isUnlimited =
    ledger.budget.tokens === Number.POSITIVE_INFINITY && ledger.budget.usd === Number.POSITIVE_INFINITY;
  if (isUnlimited) return ledger.reserveModelCall({ tokens: 0, usd: 0 });
  const inputTokens = estimateTokens(request.messages, request.tools ?? []);
  const outputTokens = request.maxOutputTokens ?? assumedOutputTokens;
  const usage: Usage = { inputTokens, outputTokens, cachedInputTokens: 0, reasoningTokens: 0, estimated: true };
  return ledger.reserveModelCall({ tokens: inputTokens + outputTokens, usd: priceUsage(turn, model.name, usage) ?? 0 });
}

interface StreamedCall {
  readonly call: ModelCall;
  readonly request: ModelRequest;
  readonly running: RunningCall;
}

async function readStream(turn: AgentTurn, { call, request, running }: StreamedCall): Promise<ModelResult> {
  const events = call.model.stream(request)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await raceSignal(events.next(), request.signal);
      if (step.done === true) break;
      if (step.value.kind === "finish") return step.value.result;
      showPiece(turn, step.value, { messageId: call.messageId ?? "", running });
    }
  } finally {
    leave(events);
  }
  throw new ModelError("model.invalid_response", `The stream of model "${call.model.name}" ended without a result`, {
    remedy: "End every stream with a finish event; see ChatModel.",
  });
}

interface ShownCall {
  readonly messageId: string;
  readonly running: RunningCall;
}

function showPiece(turn: AgentTurn, event: ModelEvent, { messageId, running }: ShownCall): void {
  if (event.kind === "reasoning-delta") turn.report({ kind: "reasoning-delta", messageId, delta: event.delta });
  if (event.kind !== "text-delta") return;
  running.partial.text += event.delta;
  running.step.partial(running.partial.text);
  turn.report({ kind: "text-delta", messageId, delta: event.delta });
}

/** Closes a stream without waiting for it: one that does not hear its signal may never settle. */
function leave(events: AsyncIterator<ModelEvent>): void {
  const left = events.return?.();
  if (left !== undefined) Promise.resolve(left).catch(() => {});
}

function lostCall(model: string): ModelError {
  return new ModelError("model.failed", `The call of model "${model}" ended without an outcome`, {
    remedy: "Run the task again.",
  });
}
