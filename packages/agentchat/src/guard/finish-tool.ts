import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type JsonValue, toJson } from "@troupe/core";
import { outputDocument, type Tool, type ToolCallPart, type ToolSchema, tool } from "@troupe/llm";

/** How a participant ends the run of its team with the team's result. */
export interface FinishTool {
  /** For the model: called `finish`, its arguments are the result. One that is no object is its argument `value`. */
  readonly tool: Tool;
  /** Whether the result is the argument `value`. */
  readonly isWrapped: boolean;
  /** The result in a call whose arguments fit; undefined for any other call. In the input form of the schema: what is recorded. */
  read(call: ToolCallPart): JsonValue | undefined;
}

const description =
  "Ends the task with its result. Call it once, when the task is done: nobody says anything after it. The arguments are the result.";

/** Makes the tool of a team with an output schema. */
export function createFinishTool(output: StandardSchemaV1): FinishTool {
  const { schema: document, isWrapped } = outputDocument(output) ?? { schema: unknownResult, isWrapped: true };
  const finish = tool({
    name: "finish",
    description,
    input: resultSchema(output, document),
    // It changes nothing by itself.
    idempotent: true,
    execute: () => "The task is finished.",
  });
  return {
    tool: finish,
    isWrapped,
    read: (call) => {
      const parsed = call.toolName === finish.name ? finish.parseArguments(call.arguments) : undefined;
      return parsed?.kind === "valid" ? toJson(parsed.value, "the result") : undefined;
    },
  };
}

/** Of a schema library that has no JSON form to give. */
const unknownResult = { type: "object", properties: { value: {} }, required: ["value"] } as const;

/** Accepts the result as the arguments and as their one member `value` or `result`: models mix them up. Gives the result as it came. */
function resultSchema(
  output: StandardSchemaV1,
  document: Readonly<Record<string, unknown>>,
): ToolSchema<unknown, unknown> {
  return {
    "~standard": {
      version: 1,
      vendor: "troupe",
      validate: (value) => {
        const direct = check(output, value);
        const inner = direct.issues === undefined ? undefined : unwrap(value);
        // What is wrong with a result inside is what the model should hear of.
        return inner === undefined ? direct : check(output, inner);
      },
      jsonSchema: { input: () => ({ ...document }), output: () => ({}) },
    },
  };
}

function check(output: StandardSchemaV1, value: unknown): StandardSchemaV1.Result<unknown> {
  const result = output["~standard"].validate(value);
  if (result instanceof Promise) return { issues: [{ message: "The schema of the result must answer at once." }] };
  return result.issues === undefined ? { value } : result;
}

function unwrap(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Object.keys(value).length !== 1) return undefined;
  if ("value" in value) return value.value;
  return "result" in value ? value.result : undefined;
}
