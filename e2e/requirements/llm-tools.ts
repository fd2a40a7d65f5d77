import { createVerifier, defineRequirements, type Requirements, type Verifier } from "./requirement.ts";

/** What the tools, workbenches and code helpers of `@troupe/llm` owe: rows K 78-83 and 85, and the weak points S10-S15. */
export const requirements: Requirements = defineRequirements([
  {
    id: "tools-78-schema",
    kind: "parity",
    text: "A tool's schema is an object with names, descriptions, defaults and the required properties.",
  },
  { id: "tools-78-strict", kind: "parity", text: "A strict tool with optional or additional properties is refused." },
  {
    id: "tools-78-nested",
    kind: "replaced",
    text: "Nested argument models are inlined.",
    replacedBy:
      "$defs and $ref stay as the schema library writes them: inlining is what makes recursive schemas impossible",
  },
  { id: "tools-78-recursive", kind: "better", text: "Recursive argument schemas work." },
  { id: "tools-79-validate", kind: "parity", text: "Arguments are validated before the tool runs." },
  { id: "tools-79-log", kind: "parity", text: "Every call is reported with its arguments and its result." },
  {
    id: "tools-79-string",
    kind: "replaced",
    text: "A result becomes text: models as JSON, everything else by the language's own string form.",
    replacedBy: "strings stay text, every other value is JSON; what has no JSON form is an error outcome",
  },
  { id: "tools-80-stream", kind: "parity", text: "A streaming tool shows its items, then gives its result." },
  {
    id: "tools-80-final",
    kind: "parity",
    text: "A stream without a result, or with one of the wrong type, is an error.",
  },
  {
    id: "tools-81-list",
    kind: "parity",
    text: "A static workbench lists its tools with overridden names and descriptions.",
  },
  { id: "tools-81-call", kind: "parity", text: "An overridden tool answers to both names." },
  { id: "tools-81-unknown", kind: "parity", text: "An unknown tool is an error result." },
  {
    id: "tools-81-error",
    kind: "parity",
    text: "A failing tool is an error result with the texts of all gathered errors.",
  },
  {
    id: "tools-81-conflicts",
    kind: "parity",
    text: "Overrides that collide are refused; repeating the own name is allowed.",
  },
  {
    id: "tools-81-state",
    kind: "replaced",
    text: "A workbench saves and loads the state of its tools.",
    replacedBy:
      "tools hold no run state: what must last belongs to an agent's state or behind the tool, keyed by its idempotency key",
  },
  {
    id: "tools-81-config",
    kind: "replaced",
    text: "A workbench of function tools is dumped with their source code.",
    replacedBy:
      "configuration is data: functions come from the program, and every call hands the same tools to a new workbench",
  },
  { id: "tools-81-streaming", kind: "better", text: "Streaming tools honour overrides." },
  { id: "tools-82-success", kind: "parity", text: "A call of a tool gives its result under the id of the call." },
  { id: "tools-82-errors", kind: "better", text: "Missing tools, bad JSON and failures reach the model as text." },
  {
    id: "tools-83-loop",
    kind: "parity",
    text: "The caller loop alternates model and tools until the model answers in words.",
  },
  { id: "tools-83-bound", kind: "better", text: "The caller loop is bounded." },
  {
    id: "tools-85-json",
    kind: "parity",
    text: "JSON is taken from fenced blocks without a tag or tagged json, else from the whole text; other tags and bad JSON fail.",
  },
  {
    id: "tools-85-converter",
    kind: "replaced",
    text: "A JSON Schema document becomes a model class; unknown references, formats and keywords are errors.",
    replacedBy:
      "jsonSchema(): the document itself validates; unknown formats and keywords are annotations, as the standard says",
  },
  { id: "tools-S10", kind: "better", text: "The text of a tool's error is not lost." },
  {
    id: "tools-S11",
    kind: "better",
    text: "The loop is bounded, ends on an empty answer, and keeps the model's reasoning.",
  },
  { id: "tools-S12", kind: "better", text: "Streamed calls honour overrides and stop with the caller's signal." },
  { id: "tools-S13", kind: "better", text: "Recursive schemas are usable and `strict` is not lost." },
  { id: "tools-S14", kind: "better", text: "Failed calls are reported too, and a call can be interrupted." },
  { id: "tools-S15", kind: "better", text: "An agent that takes everything really gets everything." },
]);

const verifier = createVerifier(requirements);

/** Declares a test of a row of this file. */
export const verifies: Verifier["verifies"] = (id, name, verify) => verifier.verifies(id, name, verify);
