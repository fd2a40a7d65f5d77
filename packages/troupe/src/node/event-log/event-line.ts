import type { JsonObject, JsonValue, RuntimeEvent } from "@troupe/core";
import type { SecretFilter } from "./secret-filter.ts";

/** A stored event as the runtime tells it. */
export type StoredEvent = Extract<RuntimeEvent, { readonly kind: "event-stored" }>;

/** What one call of a model cost. The sum over a run's lines is what the run cost. */
export interface LoggedCost {
  readonly model?: string;
  /** US dollars at list price; null when the price is not known. */
  readonly usd: number | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The call was lost with its process: this is the most that it can have cost. */
  readonly isEstimated?: true;
}

/** How a line is made. */
export interface LineOptions {
  readonly filter: SecretFilter;
  /** Bytes of a line, its line break included. */
  readonly maxLineBytes: number;
}

/** A limit below this could not hold even a line without its payload. */
export const minLineBytes = 4_096;

/** Lengths to which the texts of a payload are cut, one after the other, until the line fits. */
const textLengths = [16_384, 2_048, 256, 32] as const;

/** A cut may not leave half a secret behind, so this much more is looked at. */
const lookAhead = 4_096;

/**
 * One event as a line of JSON, with its line break: when, in which cell and run, which number, who, what, at what cost.
 *
 * A payload that is too long has its texts cut; one that is still too long is left out and its size said.
 */
export function formatEventLine({ cell, event }: StoredEvent, { filter, maxLineBytes }: LineOptions): Buffer {
  const { runId, sequence, path, kind, payload, end } = event;
  const cost = costOf(kind, payload);
  const lineOf = (shown: JsonValue, cut?: number): Buffer => {
    const line = {
      at: new Date(event.at).toISOString(),
      cell: filter.text(cell),
      runId: filter.text(runId),
      sequence,
      path,
      kind,
      ...(end !== undefined && { end }),
      ...(cost !== undefined && { cost }),
      payload: shown,
      ...(cut !== undefined && { cutFromBytes: cut }),
    };
    return Buffer.from(`${JSON.stringify(line)}\n`);
  };
  const whole = lineOf(filter.json(cutTexts(payload, maxLineBytes + lookAhead)));
  if (whole.length <= maxLineBytes) return whole;
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  for (const length of textLengths) {
    const cut = lineOf(cutTexts(filter.json(cutTexts(payload, length + lookAhead)), length), bytes);
    if (cut.length <= maxLineBytes) return cut;
  }
  const named = lineOf(null, bytes);
  return named.length <= maxLineBytes ? named : bareLine(event, bytes);
}

/** What is left when even the names are too long. It fits into `minLineBytes`. */
function bareLine({ at, runId, sequence, kind }: StoredEvent["event"], cutFromBytes: number): Buffer {
  const name = (text: string): string => text.slice(0, 256);
  const line = { at: new Date(at).toISOString(), runId: name(runId), sequence, kind: name(kind), cutFromBytes };
  return Buffer.from(`${JSON.stringify(line)}\n`);
}

/** Every text of a value, at most this long. */
function cutTexts(value: JsonValue, length: number): JsonValue {
  if (typeof value === "string") return value.length <= length ? value : `${value.slice(0, length)}...`;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => cutTexts(item, length));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, cutTexts(item, length)]));
}

/** Only calls cost something of their own: the sums at a run's end would count them twice. */
function costOf(kind: string, payload: JsonValue): LoggedCost | undefined {
  if (kind !== "model-called" || !isObject(payload)) return undefined;
  const { model, usage, usd, isEstimated } = payload;
  return {
    ...(typeof model === "string" && { model }),
    usd: typeof usd === "number" ? usd : null,
    inputTokens: countAt(usage, "inputTokens"),
    outputTokens: countAt(usage, "outputTokens"),
    ...(isEstimated === true && { isEstimated }),
  };
}

function countAt(value: JsonValue | undefined, name: string): number {
  const count = isObject(value) ? value[name] : undefined;
  return typeof count === "number" ? count : 0;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
