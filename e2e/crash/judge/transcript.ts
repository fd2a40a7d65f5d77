import type { ChatMessage, DurableRunEvent, StopReason } from "@troupe/agentchat";

/** What a run came to, without what no two runs share: ids, times, durations. */
export interface Transcript {
  /** `source: text` of each message; sorted where several speak at once. */
  readonly messages: readonly string[];
  readonly stop: string;
  /** Path and kind of every durable event, sorted: calls of one answer end in any order. */
  readonly events: readonly string[];
  /** Model calls whose answers died with their processes, as the run has booked them. */
  readonly lostCalls: number;
  /** Steps that visibly ended as unknown: call ids where there is one. */
  readonly unknown: readonly string[];
}

/** The part of a result that counts. */
interface Result {
  readonly messages: readonly ChatMessage[];
  readonly stopReason: StopReason;
}

/** Makes the transcript of a finished run. */
export function transcriptOf(
  { messages, stopReason }: Result,
  events: readonly DurableRunEvent[],
  isParallel = false,
): Transcript {
  const said = messages.map(({ source, text }) => `${source}: ${text}`);
  return {
    messages: isParallel ? said.sort() : said,
    stop: `${stopReason.kind} ${stopReason.condition ?? ""}`,
    events: events
      .filter((event) => !isLostCall(event))
      .map((event) => `${event.path.join("/")} ${event.kind}`)
      .sort(),
    lostCalls: events.filter(isLostCall).length,
    unknown: events.flatMap(unknownOf),
  };
}

function isLostCall(event: DurableRunEvent): boolean {
  return event.kind === "model-called" && event.isEstimated === true;
}

function unknownOf(event: DurableRunEvent): readonly string[] {
  switch (event.kind) {
    case "tool-call-finished":
      return event.result.status === "unknown" ? [event.result.callId] : [];
    case "note":
      return isUnknownNote(event.data) ? [event.data.callId] : [];
    case "code-finished":
      return event.output.startsWith("The process died while this program ran") ? ["program"] : [];
    default:
      return [];
  }
}

function isUnknownNote(data: unknown): data is { readonly callId: string } {
  return typeof data === "object" && data !== null && "status" in data && data.status === "unknown" && "callId" in data;
}
