import { type ContractCase, expectEqual, expectThat } from "@troupe/core/testing";
import type { ChatModel, ModelEvent, ModelRequest, ModelResult } from "../model/chat-model.ts";
import { addUsage, emptyUsage } from "../model/usage.ts";

/** The situations that a model under test must be able to show. */
export type ChatModelScenario =
  /** Answers `The answer is 42.`; the text is streamed in more than one piece. */
  | "text"
  /** Calls `add` with `{ "a": 20, "b": 22 }`. */
  | "tool-call"
  /** Calls `add` twice in one answer: `{ "a": 1, "b": 2 }`, then `{ "a": 3, "b": 4 }`. */
  | "parallel-tool-calls"
  /** Fails with a `ModelError`. */
  | "failure"
  /** Never answers. */
  | "silence";

/** What the suite needs from its host. */
export interface ChatModelContractEnvironment {
  /** A model prepared for the scenario. */
  createModel(scenario: ChatModelScenario): Promise<ChatModel>;
}

/**
 * What every `ChatModel` must keep, as cases that need no test framework:
 *
 * - M1: an answer has its words, a finish reason and a usage.
 * - M2: a stream tells the same answer in pieces and finishes exactly once, last.
 * - M3: tool calls carry the model's own JSON text, distinct ids and their order.
 * - M4: faults are `ModelError`s with a code and a remedy.
 * - M5: an abort takes effect at any time, with the signal's own reason.
 * - M6: a reader may leave; the model serves on.
 *
 * Register them with `declareContract`, or run them with `runContract`, both in `@troupe/core/testing`.
 */
export const chatModelContract: readonly ContractCase<ChatModelContractEnvironment>[] = [
  contractCase(
    { invariant: "M1", name: "generates text with a finish reason and a usage", scenario: "text" },
    async (model) => {
      const result = await model.generate(question());
      expectEqual(textOf(result), "The answer is 42.", "text");
      expectEqual(result.finishReason, "stop", "finish reason");
      checkUsage(result);
    },
  ),
  contractCase(
    { invariant: "M2", name: "streams the same text in pieces and finishes exactly once, last", scenario: "text" },
    async (model) => {
      const events = await collect(model.stream(question()));
      const deltas = events.flatMap((event) => (event.kind === "text-delta" ? [event.delta] : []));
      expectThat(deltas.length > 1, "the text came in one piece");
      expectEqual(deltas.join(""), "The answer is 42.", "joined deltas");
      expectEqual(textOf(finishOf(events)), "The answer is 42.", "text of the finish event");
      checkUsage(finishOf(events));
    },
  ),
  contractCase(
    {
      invariant: "M3",
      name: "reports a tool call whose arguments are the JSON text of the model",
      scenario: "tool-call",
    },
    async (model) => {
      const result = await model.generate(question());
      checkCalls(result, [{ a: 20, b: 22 }]);
    },
  ),
  contractCase(
    { invariant: "M3", name: "streams a tool call once, and again in the result", scenario: "tool-call" },
    async (model) => {
      const events = await collect(model.stream(question()));
      const calls = events.flatMap((event) => (event.kind === "tool-call" ? [event.call.callId] : []));
      expectEqual(
        JSON.stringify(calls),
        JSON.stringify(callsOf(finishOf(events)).map((call) => call.callId)),
        "streamed call ids",
      );
      checkCalls(finishOf(events), [{ a: 20, b: 22 }]);
    },
  ),
  contractCase(
    {
      invariant: "M3",
      name: "keeps the order and the distinct ids of parallel tool calls",
      scenario: "parallel-tool-calls",
    },
    async (model) => {
      const expected = [
        { a: 1, b: 2 },
        { a: 3, b: 4 },
      ];
      checkCalls(await model.generate(question()), expected);
      checkCalls(finishOf(await collect(model.stream(question()))), expected);
    },
  ),
  contractCase(
    {
      invariant: "M4",
      name: "fails with a model error that names a code and a remedy, from generate and stream alike",
      scenario: "failure",
    },
    async (model) => {
      checkModelError(await failureOf(model.generate(question())));
      checkModelError(await failureOf(collect(model.stream(question()))));
    },
  ),
  contractCase(
    { invariant: "M5", name: "does not start when the signal has aborted", scenario: "text" },
    async (model) => {
      const reason = new Error("stopped before the start");
      const signal = AbortSignal.abort(reason);
      expectThat(
        (await failureOf(model.generate({ ...question(), signal }))) === reason,
        "generate did not reject with the signal's reason",
      );
      expectThat(
        (await failureOf(collect(model.stream({ ...question(), signal })))) === reason,
        "stream did not reject with the signal's reason",
      );
    },
  ),
  contractCase(
    { invariant: "M5", name: "ends a silent call with the signal's own reason", scenario: "silence" },
    async (model) => {
      for (const call of [
        (request: ModelRequest) => model.generate(request),
        (request: ModelRequest) => collect(model.stream(request)),
      ]) {
        const controller = new AbortController();
        const reason = new Error("stopped while waiting");
        const failure = failureOf(call({ ...question(), signal: controller.signal }));
        setTimeout(() => controller.abort(reason), 20);
        expectThat((await failure) === reason, "the call did not reject with the signal's reason");
      }
    },
  ),
  contractCase(
    { invariant: "M6", name: "can be left in the middle of a stream and used again", scenario: "text" },
    async (model) => {
      for await (const event of model.stream(question())) {
        if (event.kind === "text-delta") break;
      }
      expectEqual(textOf(await model.generate(question())), "The answer is 42.", "text after a stream was left");
    },
  ),
];

interface CaseOptions {
  readonly invariant: string;
  readonly name: string;
  readonly scenario: ChatModelScenario;
}

function contractCase(
  { invariant, name, scenario }: CaseOptions,
  body: (model: ChatModel) => Promise<void>,
): ContractCase<ChatModelContractEnvironment> {
  return { invariant, name, run: async (environment) => body(await environment.createModel(scenario)) };
}

function question(): ModelRequest {
  return {
    messages: [
      { role: "system", content: "You calculate." },
      { role: "user", content: [{ kind: "text", text: "How much is 20 + 22?" }] },
    ],
    tools: [
      {
        name: "add",
        description: "Adds two numbers.",
        inputSchema: {
          type: "object",
          properties: { a: { type: "number" }, b: { type: "number" } },
          required: ["a", "b"],
        },
      },
    ],
  };
}

async function collect(events: AsyncIterable<ModelEvent>): Promise<ModelEvent[]> {
  const collected: ModelEvent[] = [];
  for await (const event of events) collected.push(event);
  return collected;
}

function finishOf(events: readonly ModelEvent[]): ModelResult {
  const finishes = events.filter((event) => event.kind === "finish");
  const last = events.at(-1);
  if (finishes.length !== 1 || last?.kind !== "finish")
    throw new Error("The stream did not end with exactly one finish event.");
  return last.result;
}

function textOf(result: ModelResult): string {
  return result.content.map((part) => (part.kind === "text" ? part.text : "")).join("");
}

function callsOf(
  result: ModelResult,
): { readonly callId: string; readonly toolName: string; readonly arguments: string }[] {
  return result.content.flatMap((part) => (part.kind === "tool-call" ? [part] : []));
}

function checkCalls(result: ModelResult, expected: readonly { readonly a: number; readonly b: number }[]): void {
  const calls = callsOf(result);
  expectEqual(result.finishReason, "tool-calls", "finish reason");
  expectEqual(
    JSON.stringify(calls.map((call): unknown => JSON.parse(call.arguments))),
    JSON.stringify(expected),
    "arguments",
  );
  expectThat(
    calls.every((call) => call.toolName === "add"),
    "a call names another tool than `add`",
  );
  expectEqual(new Set(calls.map((call) => call.callId)).size, expected.length, "number of distinct call ids");
  expectThat(
    calls.every((call) => call.callId !== ""),
    "a call id is empty",
  );
}

function checkUsage(result: ModelResult): void {
  const { inputTokens, outputTokens } = addUsage(emptyUsage, result.usage);
  expectThat(Number.isInteger(inputTokens) && inputTokens > 0, `input tokens are ${inputTokens}`);
  expectThat(Number.isInteger(outputTokens) && outputTokens > 0, `output tokens are ${outputTokens}`);
}

function checkModelError(error: unknown): void {
  const fields = typeof error === "object" && error !== null ? error : {};
  expectThat(
    "code" in fields && typeof fields.code === "string" && fields.code.startsWith("model."),
    `not a model error: ${String(error)}`,
  );
  expectThat(
    "remedy" in fields && typeof fields.remedy === "string" && fields.remedy !== "",
    "the error names no remedy",
  );
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("The call succeeded where the contract wants it to fail.");
}
