import { totalTokens } from "@troupe/llm";
import type { DurableRunEvent } from "../message/run-event.ts";

/** Tool calls that the record shows as asked for and not as finished, by `toolKey`. */
export type OpenCalls = Map<string, number>;

/** Names the calls of one id that an agent makes; programs have no id. */
export function toolKey(path: readonly string[], callId: string): string {
  return `${path.join("/")}:${callId}`;
}

/** What the events of a run say about its spending: the start of a ledger in another process, or of a fork. */
export interface RecordedSpending {
  /** Input and output of all models. */
  tokens: number;
  /** Of the calls whose price is known. */
  usd: number;
  /** Ids of the model calls whose end is recorded. */
  readonly settled: Set<string>;
  readonly openTools: OpenCalls;
  modelCalls: number;
  toolCalls: number;
  activeMs: number;
}

/** The events that `readSpending` looks at: of a long run most are not among them. */
export const spendingKinds: ReadonlySet<string> = new Set<DurableRunEvent["kind"]>([
  "model-called",
  "model-failed",
  "tool-call-requested",
  "tool-call-finished",
  "code-started",
  "code-finished",
]);

/** A time in which a call ran: from and to, in epoch milliseconds. */
type Span = readonly [from: number, to: number];

/** Adds up the events of a run, in their order. */
export function readSpending(events: Iterable<DurableRunEvent>): RecordedSpending {
  const spending: RecordedSpending = {
    tokens: 0,
    usd: 0,
    settled: new Set(),
    openTools: new Map(),
    modelCalls: 0,
    toolCalls: 0,
    activeMs: 0,
  };
  const spans: Span[] = [];
  for (const event of events) {
    take(spending, event);
    if ("durationMs" in event && event.durationMs > 0) spans.push([event.at - event.durationMs, event.at]);
  }
  spending.activeMs = coveredMs(spans);
  return spending;
}

/** How long at least one of them lasted: calls run side by side. An event is recorded when its call has ended, or a little later. */
function coveredMs(spans: readonly Span[]): number {
  let covered = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const [from, to] of spans.toSorted((left, right) => left[0] - right[0])) {
    covered += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return covered;
}

function take(spending: RecordedSpending, event: DurableRunEvent): void {
  switch (event.kind) {
    case "model-called":
      spending.tokens += totalTokens(event.usage);
      spending.usd += event.usd ?? 0;
      spending.modelCalls += 1;
      spending.settled.add(event.callId);
      break;
    case "model-failed":
      spending.modelCalls += 1;
      spending.settled.add(event.callId);
      break;
    case "tool-call-requested":
      for (const call of event.calls) addOpen(spending, toolKey(event.path, call.callId), 1);
      break;
    case "code-started":
      addOpen(spending, toolKey(event.path, ""), 1);
      break;
    case "tool-call-finished":
    case "code-finished":
      addOpen(spending, toolKey(event.path, event.kind === "code-finished" ? "" : event.result.callId), -1);
      spending.toolCalls += event.executions ?? 1;
      break;
    default:
      break;
  }
}

function addOpen({ openTools }: RecordedSpending, key: string, count: number): void {
  const open = (openTools.get(key) ?? 0) + count;
  if (open > 0) openTools.set(key, open);
  else openTools.delete(key);
}
