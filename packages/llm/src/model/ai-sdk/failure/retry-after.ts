import { listAt, numberAt, parseJson, recordAt, stringAt, isRecord, type UnknownRecord } from "../json-guards.ts";

/**
 * How long the provider asks to wait, in milliseconds: `retry-after-ms`, `retry-after` (seconds or a date, RFC 9110 section 10.2.3), or
 * Google's `retryDelay` in the body. `undefined` when it does not say.
 */
export function readRetryAfterMs(error: UnknownRecord, nowMs: number): number | undefined {
  const headers = recordAt(error, "responseHeaders");
  const milliseconds = Number.parseFloat(stringAt(headers, "retry-after-ms") ?? "");
  if (milliseconds >= 0) return Math.ceil(milliseconds);
  return readHeader(stringAt(headers, "retry-after"), nowMs) ?? readGoogleDelay(stringAt(error, "responseBody"));
}

function readHeader(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value.trim())) return Math.ceil(Number.parseFloat(value) * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

/** `{ error: { details: [{ "@type": ".../google.rpc.RetryInfo", retryDelay: "34s" }] } }` */
function readGoogleDelay(body: string | undefined): number | undefined {
  const parsed = body === undefined ? undefined : parseJson(body);
  if (!isRecord(parsed)) return undefined;
  for (const detail of listAt(recordAt(parsed, "error"), "details")) {
    if (!isRecord(detail)) continue;
    const seconds = Number.parseFloat(stringAt(detail, "retryDelay") ?? "");
    if (seconds >= 0) return Math.ceil(seconds * 1000);
    const nested = numberAt(recordAt(detail, "retryDelay"), "seconds");
    if (nested !== undefined) return nested * 1000;
  }
  return undefined;
}
