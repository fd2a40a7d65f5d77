import { ToolError } from "@troupe/core";
import type { JsonValue } from "../model/json.ts";
import type { ToolResultContent, ToolResultStatus } from "../model/model-message.ts";

const brand: unique symbol = Symbol.for("troupe.tool-content");

/** A result made of parts, as `toolContent` builds it. */
export interface ToolContent {
  readonly [brand]: true;
  readonly parts: readonly ToolResultContent[];
  readonly status: Extract<ToolResultStatus, "ok" | "error">;
}

/**
 * Builds a result of several parts: text beside JSON, images, documents. `execute` returns it instead of a plain value.
 *
 * @param status `error` when the call failed and the parts say why (an MCP server's `isError`). Default `ok`.
 */
export function toolContent(parts: readonly ToolResultContent[], status: "ok" | "error" = "ok"): ToolContent {
  const content: ToolContent = { [brand]: true, parts, status };
  return Object.freeze(content);
}

/** True for what `toolContent` made, also by another copy of this package. */
export function isToolContent(value: unknown): value is ToolContent {
  return typeof value === "object" && value !== null && brand in value;
}

/** What a model reads when a tool returned `undefined`: empty results are refused by some providers. */
export const emptyResultText = "The tool finished and returned nothing.";

/**
 * Turns what a tool returned into parts for the model: a string is text, `undefined` a sentence, anything else JSON.
 *
 * `toJSON` is honoured (dates become ISO text) and properties that are `undefined` are left out; what JSON would change without a
 * word (`NaN`, `Map`, functions) is refused.
 *
 * @throws ToolError `tool.unserializable_result` for what has no JSON form: bigints, cycles, functions, `NaN`, `Map`, `Set`.
 */
export function renderResult(value: unknown): readonly ToolResultContent[] {
  if (value === undefined) return [{ kind: "text", text: emptyResultText }];
  if (typeof value === "string") return [{ kind: "text", text: value }];
  if (isToolContent(value)) return value.parts;
  return [{ kind: "json", value: toPlainJson(value) }];
}

function toPlainJson(value: unknown): JsonValue {
  try {
    const text: unknown = JSON.stringify(value, refuseLoss);
    if (typeof text !== "string") throw new TypeError(`a ${typeof value}`);
    return parseJson(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new ToolError("tool.unserializable_result", `The result has no JSON form: ${reason ?? "unknown"}`, {
      remedy:
        "Return strings, plain objects, arrays, finite numbers, booleans or null; write a bigint as a string and a Map as an object.",
      cause,
    });
  }
}

/** What `JSON.stringify` would drop or change silently. */
function refuseLoss(key: string, value: unknown): unknown {
  const where = key === "" ? "" : ` in "${key}"`;
  if (typeof value === "bigint" || typeof value === "function" || typeof value === "symbol")
    throw new TypeError(`a ${typeof value}${where}`);
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`the number ${value}${where}`);
  if (value instanceof Map || value instanceof Set)
    throw new TypeError(`a ${value instanceof Map ? "Map" : "Set"}${where}`);
  return value;
}

function parseJson(text: string): JsonValue {
  const parsed: unknown = JSON.parse(text);
  return isJson(parsed) ? parsed : null;
}

/** Whatever `JSON.parse` returned is JSON. */
function isJson(parsed: unknown): parsed is JsonValue {
  return parsed !== undefined;
}
