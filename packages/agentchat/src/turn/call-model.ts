import { type JsonValue, ModelError, raceSignal, type StepContext, type StepOutcome, TroupeError } from "@troupe/core";
import { type ModelEvent, type ModelRequest, type ModelResult, PartialOutput, priceOf, type Usage } from "@troupe/llm";
import { type ModelReservation, oneCall } from "../budget/run-ledger.ts";
import type { AgentEvent } from "../message/agent-event.ts";
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

/**
 * Asks a model as one journaled, idempotent step; what it used is booked where it ran, and recorded as an event.
 *
 * What the call may need is recorded with the claim of its step, before it is made: an answer that died with its process stays spent.
 */
export async function callModel(turn: AgentTurn, call: ModelCall): Promise<ModelOutcome> {
  const running: RunningCall = { reservation: reservationOf(turn, call), partial: { text: "" } };
  const { tokens, usd } = running.reservation;
  const outcome = await turn.selfTimedStep("model", (step) => runModel(turn, call, { ...running, step }), {
    idempotent: true,
    claim: tokens + usd === 0 ? oneCall : { tokens, usd },
  });
  settle(turn, call, { callId: running.reservation.callId, outcome });
  switch (outcome.status) {
    case "done":
      return { status: "ok", result: outcome.value.result };
    case "failed":
      return { status: "failed", error: outcome.error };
    case "cancelled":
      return { status: "stopped", reason: outcome.reason, partialText: textOf(outcome.partial) };
    case "unknown":
      if (outcome.reason === undefined) return { status: "failed", error: lostCall(call.model.name) };
      return { status: "stopped", reason: outcome.reason, partialText: running.partial.text };
  }
}

interface RunningCall {
  readonly reservation: ModelReservation;
  readonly partial: { text: string };
}

type StartedCall = RunningCall & { readonly step: StepContext };

interface EndedCall {
  readonly callId: string;
  readonly outcome: StepOutcome<RecordedCall>;
}

/** Records what the call came to, and books it: the same on replay, where both are dropped when they are there already. */
function settle(turn: AgentTurn, call: ModelCall, { callId, outcome }: EndedCall): void {
  const lost = outcome.lost ?? 0;
  const ends: Extract<AgentEvent, { readonly kind: "model-called" | "model-failed" }>[] = [];
  for (let index = 0; index < lost; index += 1) ends.push(lostEvent(turn, call, callId));
  const end = endEvent(call, { callId, outcome });
  if (end !== undefined) ends.push(end);
  for (const event of ends) turn.report(event);
  const called = ends.filter((event) => event.kind === "model-called");
  turn.settleModelCall({
    callId,
    made: ends.length,
    used: called.map(({ model, usage, usd }) => ({ model, agent: turn.agentName, usage, usd })),
  });
}

/** Undefined for a call that was never made: the budget has refused it. */
function endEvent(
  { model: { name: model } }: ModelCall,
  { callId, outcome }: EndedCall,
): Extract<AgentEvent, { readonly kind: "model-called" | "model-failed" }> | undefined {
  switch (outcome.status) {
    case "done": {
      const { result, usd, durationMs } = outcome.value;
      return { kind: "model-called", callId, model: result.answeredBy ?? model, usage: result.usage, usd, durationMs };
    }
    case "failed":
      if (TroupeError.isTroupeError(outcome.error) && outcome.error.code === "run.budget_exceeded") return undefined;
      return { kind: "model-failed", callId, model, message: outcome.error.message };
    case "cancelled":
    case "unknown":
      return { kind: "model-failed", callId, model, message: stoppedWords(outcome.reason?.kind) };
  }
}

function stoppedWords(kind: "cancel" | "interrupt" | undefined): string {
  return kind === undefined ? "The call ended without an outcome" : `The call was stopped (${kind})`;
}

/** A call whose answer died with its process: it was made, and its provider may want money for it. */
function lostEvent(turn: AgentTurn, call: ModelCall, callId: string): Extract<AgentEvent, { kind: "model-called" }> {
  const usage = estimateUsage(turn, call.request);
  const usd = priceUsage(turn, call.model.name, { usage, at: turn.now() });
  return { kind: "model-called", callId, model: call.model.name, usage, usd, durationMs: 0, isEstimated: true };
}

async function runModel(turn: AgentTurn, call: ModelCall, running: StartedCall): Promise<RecordedCall> {
  const { model } = call;
  const { clock } = turn.environment;
  const { ledger } = turn.resources;
  ledger.reserveModelCall(running.reservation, running.step.lost);
  const stopClock = turn.startWork("model");
  const startedAt = clock.monotonic();
  try {
    turn.report({ kind: "model-started", model: model.name });
    const request: ModelRequest = { ...call.request, signal: running.step.signal };
    const isStreamed = call.messageId !== undefined && model.capabilities.streaming;
    // Leaving a model is always safe: a call that does not hear its signal is left at once.
    const result = isStreamed
      ? await readStream(turn, { call, request, running })
      : await raceSignal(model.generate(request), request.signal);
    const payee = result.answeredBy ?? model.name;
    const usd = result.cached === true ? 0 : priceUsage(turn, payee, { usage: result.usage, at: clock.now() });
    return { result, usd, durationMs: Math.round(clock.monotonic() - startedAt) };
  } finally {
    stopClock();
  }
}

function priceUsage(
  turn: AgentTurn,
  model: string,
  { usage, at }: { readonly usage: Usage; readonly at: number },
): number | null {
  const day = new Date(at).toISOString().slice(0, 10);
  return priceOf(usage, model, { table: turn.environment.prices, day });
}

/** Only estimated when a limit needs it. */
function reservationOf(turn: AgentTurn, { model, request }: ModelCall): ModelReservation {
  const callId = turn.newId();
  const { tokens, usd } = turn.resources.ledger.budget;
  if (tokens === Number.POSITIVE_INFINITY && usd === Number.POSITIVE_INFINITY) return { callId, tokens: 0, usd: 0 };
  const usage = estimateUsage(turn, request);
  return {
    callId,
    tokens: usage.inputTokens + usage.outputTokens,
    usd: priceUsage(turn, model.name, { usage, at: turn.now() }) ?? 0,
  };
}

/** What a call may use at most, as far as one can tell before it. */
function estimateUsage(turn: AgentTurn, { messages, tools, maxOutputTokens }: ModelCall["request"]): Usage {
  const inputTokens = turn.estimateTokens(messages, tools);
  const outputTokens = maxOutputTokens ?? assumedOutputTokens;
  return { inputTokens, outputTokens, cachedInputTokens: 0, reasoningTokens: 0, estimated: true };
}

interface StreamedCall {
  readonly call: ModelCall;
  readonly request: ModelRequest;
  readonly running: StartedCall;
}

async function readStream(turn: AgentTurn, { call, request, running }: StreamedCall): Promise<ModelResult> {
  const events = call.model.stream(request)[Symbol.asyncIterator]();
  const output = call.output && new PartialOutput(call.output);
  try {
    for (;;) {
      const step = await raceSignal(events.next(), request.signal);
      if (step.done === true) break;
      if (step.value.kind === "finish") return step.value.result;
      showPiece(turn, step.value, { messageId: call.messageId ?? "", running, output });
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
  readonly running: StartedCall;
  readonly output: PartialOutput | undefined;
}

function showPiece(turn: AgentTurn, event: ModelEvent, { messageId, running, output }: ShownCall): void {
  const partial = output?.take(event);
  if (partial !== undefined) turn.report({ kind: "output-delta", messageId, partial });
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

function textOf(partial: JsonValue | undefined): string {
  return typeof partial === "string" ? partial : "";
}

function lostCall(model: string): ModelError {
  return new ModelError("model.failed", `The call of model "${model}" ended without an outcome`, {
    remedy: "Run the task again.",
  });
}
