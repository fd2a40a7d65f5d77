import type { RunEvent } from "../message/run-event.ts";
import type { RunHandle } from "../run/handle/run-handle.ts";

/** Where to go on. */
export interface EventStreamOptions {
  /** The `Last-Event-ID` header of a browser that comes back: events up to it are not sent again. */
  readonly lastEventId?: string | null | undefined;
}

/**
 * A run as server-sent events: the body of a `text/event-stream` response.
 *
 * Each event is named by its kind; durable events carry their number as id, so a browser that reconnects gets exactly what it missed. A
 * reader that leaves only stops reading: the run goes on. The stream ends with the run, and pauses while nobody reads.
 *
 * Format: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 *
 * @example
 * ```ts
 * const body = toEventStream(run, { lastEventId: request.headers.get("Last-Event-ID") });
 * return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
 * ```
 */
export function toEventStream(run: RunHandle<unknown>, options: EventStreamOptions = {}): ReadableStream<Uint8Array> {
  const events = run.events({ from: firstWanted(options.lastEventId) })[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const step = await events.next();
      if (step.done === true) controller.close();
      else controller.enqueue(encoder.encode(formatEvent(step.value)));
    },
    cancel: async () => {
      await events.return?.();
    },
  });
}

/** An id that is not a number of ours is ignored, as an absent one. */
function firstWanted(lastEventId: string | null | undefined): number {
  const last = /^\d{1,15}$/.test(lastEventId ?? "") ? Number(lastEventId) : 0;
  return last + 1;
}

/** JSON has no line breaks of its own, so one data line is enough. */
function formatEvent(event: RunEvent): string {
  const id = event.isLive ? "" : `id: ${event.sequence}\n`;
  return `${id}event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}
