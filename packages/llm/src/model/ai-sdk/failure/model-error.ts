import { ConfigError, ModelError, TroupeError } from "@troupe/core";
import { isRecord, numberAt, parseJson, recordAt, stringAt, type UnknownRecord } from "../json-guards.ts";
import { redactSecrets } from "./redact-secrets.ts";
import { readRetryAfterMs } from "./retry-after.ts";

/** Which call failed, and when. */
export interface FailedCall {
  readonly provider: string;
  readonly modelId: string;
  /** Epoch milliseconds; Retry-After may name a date. */
  readonly nowMs: number;
}

/** Codes of the errors of a model call, with what the reader can do. `model.aborted` is none: an abort rejects with the signal's reason. */
const remedies = {
  "model.rate_limited": "Wait as long as `details.retryAfterMs` says, or put the retry middleware around the model.",
  "model.quota_exhausted": "Add credit at the provider, or use another model.",
  "model.unauthorized": "Check the API key and what it may do.",
  "model.not_found": "Check the model's name and the base URL.",
  "model.bad_request": "Read the provider's words in the message; check the tools' schemas and the options.",
  "model.context_overflow": "Shorten the history with a model context, or use a model with a larger window.",
  "model.overloaded": "Try again later, or put the retry middleware around the model.",
  "model.server_error": "Try again; the fault is the provider's.",
  "model.network": "Check the base URL and the connection, then try again.",
  "model.timeout": "Try again, or allow more time.",
  "model.invalid_response": "Check that the base URL leads to the right kind of API; the answer could not be read.",
  "model.failed": "See the cause.",
} as const;

type FailureCode = keyof typeof remedies;

/**
 * Whatever a provider threw, as a typed error: a `ModelError` with one of the codes above, or a `ConfigError` for a missing key. Errors of
 * ours pass unchanged. Keys are taken out of every text; the cause keeps the provider's words and nothing else.
 */
export function toModelError(error: unknown, call: FailedCall): Error {
  if (TroupeError.isTroupeError(error)) return error;
  const record = isObject(error) ? toRecord(error) : {};
  const text = redactSecrets(stringAt(record, "message") ?? String(error));
  const name = stringAt(record, "name") ?? "";
  if (name === "AI_LoadAPIKeyError" || name === "AI_LoadSettingError") return missingKey(text);
  const code = failureCode(name, record);
  const status = numberAt(record, "statusCode");
  const retryAfterMs = readRetryAfterMs(record, call.nowMs);
  return new ModelError(code, `${describe(call, status)}: ${clip(text)}`, {
    remedy: remedies[code],
    cause: safeCause(error, name, text),
    details: {
      provider: call.provider,
      model: call.modelId,
      ...(status !== undefined && { status }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    },
  });
}

function describe(call: FailedCall, status: number | undefined): string {
  const model = `The call to model "${call.modelId}" of "${call.provider}" failed`;
  return status === undefined ? model : `${model} with status ${status}`;
}

function failureCode(name: string, record: UnknownRecord): FailureCode {
  if (name === "TimeoutError") return "model.timeout";
  if (invalidResponseNames.has(name)) return "model.invalid_response";
  if (name === "AI_NoSuchModelError") return "model.not_found";
  if (badRequestNames.has(name)) return "model.bad_request";
  const status = numberAt(record, "statusCode");
  if (status !== undefined) return codeOfStatus(status, record);
  if (name === "AI_APICallError" || name === "AbortError" || isConnectionFault(record)) return connectionCode(record);
  return codeOfStreamedError(record);
}

const invalidResponseNames: ReadonlySet<string> = new Set([
  "AI_JSONParseError",
  "AI_TypeValidationError",
  "AI_InvalidResponseDataError",
  "AI_NoContentGeneratedError",
  "AI_EmptyResponseBodyError",
  "SyntaxError",
]);

const badRequestNames: ReadonlySet<string> = new Set([
  "AI_UnsupportedFunctionalityError",
  "AI_InvalidPromptError",
  "AI_InvalidArgumentError",
]);

function codeOfStatus(status: number, record: UnknownRecord): FailureCode {
  const body = `${stringAt(record, "message") ?? ""} ${stringAt(record, "responseBody") ?? ""}`;
  if (status === 429)
    return /insufficient_quota|exceeded your current quota|billing/i.test(body)
      ? "model.quota_exhausted"
      : "model.rate_limited";
  if (status === 401 || status === 403) return "model.unauthorized";
  if (status === 402) return "model.quota_exhausted";
  if (status === 404) return "model.not_found";
  if (status === 408 || status === 504) return "model.timeout";
  if (status === 503 || status === 529) return "model.overloaded";
  if (status >= 500) return "model.server_error";
  if (status === 413 || isOverflow(body)) return "model.context_overflow";
  if (status >= 300) return "model.bad_request";
  // The call itself went well; either the connection broke while the answer came, or the answer made no sense.
  return isConnectionFault(record) ? connectionCode(record) : "model.invalid_response";
}

/** Errors inside a stream are bare records or strings; their words are all there is. */
function codeOfStreamedError(record: UnknownRecord): FailureCode {
  const words = `${stringAt(record, "type") ?? ""} ${stringAt(record, "message") ?? ""}`.toLowerCase();
  if (words.includes("overloaded")) return "model.overloaded";
  if (words.includes("rate_limit") || words.includes("rate limit")) return "model.rate_limited";
  if (words.includes("server_error") || words.includes("api_error") || words.includes("internal"))
    return "model.server_error";
  if (isOverflow(words)) return "model.context_overflow";
  return "model.failed";
}

/** The words of OpenAI, Anthropic, Gemini, Mistral and vLLM for a prompt that is too long. */
function isOverflow(text: string): boolean {
  return /context_length_exceeded|maximum context length|prompt is too long|input token count.*exceeds|too many tokens|context window|exceeds the model's/i.test(
    text,
  );
}

/** An error and what caused it, three levels deep: clients wrap what the socket said. */
function causeChain(record: UnknownRecord): readonly UnknownRecord[] {
  const cause = recordAt(record, "cause");
  return [record, cause, recordAt(cause, "cause")];
}

/** What `fetch` implementations throw when a connection cannot be made or breaks. */
function isConnectionFault(record: UnknownRecord): boolean {
  return causeChain(record).some(
    (level) =>
      /^(UND_ERR_|E[A-Z]{4,}$)/.test(String(level["code"])) ||
      (level["name"] === "TypeError" && /terminated|fetch|network|socket|connection/i.test(String(level["message"]))),
  );
}

/** Connection time-outs hide in the cause. */
function connectionCode(record: UnknownRecord): FailureCode {
  const isLate = causeChain(record).some((level) =>
    /TIMEOUT|ETIMEDOUT/i.test(`${String(level["code"])} ${String(level["name"])}`),
  );
  return isLate ? "model.timeout" : "model.network";
}

function missingKey(text: string): ConfigError {
  return new ConfigError("config.missing_key", clip(text), {
    remedy: "Set the variable that the message names, or pass `apiKey`.",
  });
}

/** An error with the words of the provider and nothing of its request: bodies hold conversations, URLs may hold keys. */
function safeCause(error: unknown, name: string, text: string): Error {
  const cause = isObject(error) && isObject(error.cause) ? toRecord(error.cause) : undefined;
  const inner = cause === undefined ? undefined : stringAt(cause, "message");
  const options =
    inner === undefined
      ? undefined
      : { cause: new Error(redactSecrets(`${stringAt(cause ?? {}, "code") ?? ""} ${inner}`.trim())) };
  const safe = new Error(text, options);
  if (name !== "") Object.defineProperty(safe, "name", { value: name, configurable: true, writable: true });
  return safe;
}

function isObject(value: unknown): value is { readonly cause?: unknown } {
  return typeof value === "object" && value !== null;
}

/** Error objects keep `message` and `name` on themselves or their prototype: they are read by name, not spread. */
function toRecord(value: object): UnknownRecord {
  const keys = ["name", "message", "type", "code", "statusCode", "responseHeaders", "responseBody", "cause"] as const;
  const record: Record<string, unknown> = {};
  for (const key of keys) record[key] = Reflect.get(value, key);
  const nested = record["message"] === undefined ? recordAt({ error: Reflect.get(value, "error") }, "error") : {};
  return { ...record, ...nested, cause: isRecord(record["cause"]) ? toRecord(record["cause"]) : record["cause"] };
}

function clip(text: string): string {
  const message = isRecord(parseJson(text)) ? text.replaceAll(/\s+/g, " ") : text;
  return message.length > 500 ? `${message.slice(0, 500)}...` : message;
}
