import { ModelError } from "@troupe/core";
import {
  type ChatModel,
  directCall,
  jsonSchema,
  type ModelCapabilities,
  type ModelMessage,
  type ModelRequest,
  structuredAnswer,
} from "@troupe/llm";
import { reply, type Script, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const Choice = z.object({ next: z.enum(["ada", "bob"]), reason: z.string() });
const valid = { next: "ada", reason: "she knows" } as const;
const messages: readonly ModelMessage[] = [
  { role: "system", content: "You choose." },
  { role: "user", content: [{ kind: "text", text: "Who is next?" }] },
];

const kinds: Readonly<Record<string, Partial<ModelCapabilities>>> = {
  native: { structuredOutput: "native" },
  tool: { structuredOutput: "json", tools: true },
  json: { structuredOutput: "json", tools: false },
  prompt: { structuredOutput: "none", tools: false },
};

function make(kind: string, script: Script): ScriptedModel {
  return new ScriptedModel(script, { capabilities: kinds[kind] });
}

/** What a model of a kind says to give a value. */
function says(kind: string, value: unknown): ReturnType<typeof reply.text> {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return kind === "tool" ? reply.toolCalls([{ name: "answer", argumentsText: text }]) : reply.text(text);
}

const ask = (model: ChatModel) => structuredAnswer({ call: directCall(model), model, messages, schema: Choice });

const refuse = () => new ModelError("model.bad_request", "not supported", { remedy: "none" });

describe.each(Object.keys(kinds))("a model with %s", (kind) => {
  it("gives a typed value in one call", async () => {
    const model = make(kind, [says(kind, valid)]);
    const answer = await ask(model);
    expect(answer).toMatchObject({ kind: "valid", value: valid, data: valid, form: kind, repairs: 0 });
    if (answer.kind === "valid") answer.value.next satisfies "ada" | "bob";
    expect(model.calls).toBe(1);
    const [request] = model.requests;
    expect(request?.responseFormat?.kind).toBe(kind === "native" || kind === "json" ? "json" : undefined);
    expect(request?.toolChoice).toEqual(kind === "tool" ? { toolName: "answer" } : undefined);
    // The schema reaches the model in every form.
    expect(JSON.stringify(request)).toContain("bob");
  });

  it("is told what does not fit, once, and its corrected answer counts", async () => {
    const model = make(kind, [says(kind, { next: "eve", reason: "x" }), says(kind, valid)]);
    const answer = await ask(model);
    expect(answer).toMatchObject({ kind: "valid", value: valid, repairs: 1 });
    const told = model.requests[1]?.messages.at(-1);
    expect(JSON.stringify(told)).toContain("$.next");
    // Nothing in the exchange is a call: it is valid in every history.
    expect(answer.exchange.map((message) => message.role)).toEqual(["assistant", "user", "assistant"]);
    expect(JSON.stringify(answer.exchange)).not.toContain("tool-call");
  });

  it("that does not learn is a typed error with what it said", async () => {
    const model = make(kind, [says(kind, { next: "eve" }), says(kind, { next: "mallory" })]);
    const answer = await ask(model);
    expect(answer).toMatchObject({
      kind: "invalid",
      error: { code: "model.invalid_output" },
      text: '{"next":"mallory"}',
    });
    expect(model.calls).toBe(2);
  });

  it("gives lists and words too, wrapped where the provider wants an object", async () => {
    const model = make(kind, [says(kind, { value: ["a", "b"] })]);
    const answer = await structuredAnswer({ call: directCall(model), model, messages, schema: z.array(z.string()) });
    expect(answer).toMatchObject({ kind: "valid", value: ["a", "b"], text: '["a","b"]' });
  });
});

describe("the ladder", () => {
  it("goes one way down for each refusal, and ends with the last", async () => {
    const model = new ScriptedModel((request) => {
      if (request.responseFormat?.kind === "json" || request.tools !== undefined) return reply.failure(refuse());
      return JSON.stringify(valid);
    });
    expect(await ask(model)).toMatchObject({ kind: "valid", form: "prompt", repairs: 0 });
    expect(model.calls).toBe(4);
    const mute = new ScriptedModel(() => reply.failure(refuse()));
    expect(await ask(mute)).toMatchObject({
      kind: "ended",
      outcome: { status: "failed", error: { code: "model.bad_request" } },
    });
    expect(mute.calls).toBe(4);
  });

  it("does not hide other failures, and hands ends of the caller through as they are", async () => {
    const error = new ModelError("model.unauthorized", "no key", { remedy: "give one" });
    const model = new ScriptedModel([reply.failure(error)]);
    expect(await ask(model)).toMatchObject({ kind: "ended", outcome: { error } });
    expect(model.calls).toBe(1);
    const stopped = { status: "stopped", reason: "enough" } as const;
    const answer = await structuredAnswer({ call: async () => stopped, model, messages, schema: Choice });
    expect(answer).toEqual({ kind: "ended", outcome: stopped, exchange: [] });
  });

  it("keeps the tools of the conversation declared and forbids to call them", async () => {
    const declaration = { name: "look_up", description: "x", inputSchema: { type: "object" } } as const;
    const requests: ModelRequest[] = [];
    for (const kind of Object.keys(kinds)) {
      const model = make(kind, [says(kind, valid)]);
      await structuredAnswer({ call: directCall(model), model, messages, schema: Choice, tools: [declaration] });
      requests.push(...model.requests);
    }
    expect(requests.every((request) => request.tools?.[0] === declaration)).toBe(true);
    expect(requests.map((request) => request.toolChoice)).toEqual(["none", { toolName: "answer" }, "none", "none"]);
  });

  it("takes an answer in words from a model that was to call the tool", async () => {
    const model = make("tool", [`Sure! Here it is:\n\`\`\`json\n${JSON.stringify(valid)}\n\`\`\``]);
    expect(await ask(model)).toMatchObject({ kind: "valid", value: valid, text: JSON.stringify(valid) });
  });

  it("does not choose between two calls of the tool", async () => {
    const both = reply.toolCalls([
      { name: "answer", arguments: valid },
      { name: "answer", arguments: { next: "bob", reason: "he too" } },
    ]);
    const model = make("tool", [both, says("tool", valid)]);
    expect(await ask(model)).toMatchObject({ kind: "valid", value: valid, repairs: 1 });
  });

  it("asks for JSON of a schema without a JSON form, and checks it all the same", async () => {
    const bare = { "~standard": { version: 1, vendor: "mine", validate: Choice["~standard"].validate } } as const;
    const model = make("native", ['{"next":"eve"}', JSON.stringify(valid)]);
    const answer = await structuredAnswer({ call: directCall(model), model, messages, schema: bare });
    expect(answer).toMatchObject({ kind: "valid", form: "json", repairs: 1 });
  });

  it("closes objects for strict modes, and leaves raw schemas as they are", async () => {
    const model = make("native", [JSON.stringify(valid), '{"a":1}']);
    await ask(model);
    const document = { type: "object", properties: { a: { type: "number" } }, required: ["a"] };
    await structuredAnswer({ call: directCall(model), model, messages, schema: jsonSchema(document) });
    expect(model.requests.map((request) => request.responseFormat)).toMatchObject([
      { schema: { type: "object", additionalProperties: false, required: ["next", "reason"] } },
      { schema: document },
    ]);
  });

  it("refuses a name that providers refuse", async () => {
    const model = make("tool", []);
    const answer = structuredAnswer({ call: directCall(model), model, messages, schema: Choice, name: "my answer" });
    await expect(answer).rejects.toMatchObject({ code: "config.invalid_option" });
  });

  it("rejects with the signal's own reason", async () => {
    const controller = new AbortController();
    const model = new ScriptedModel(() => reply.hang());
    const call = directCall(model, { signal: controller.signal });
    const answer = structuredAnswer({ call, model, messages, schema: Choice });
    controller.abort(new Error("enough"));
    await expect(answer).rejects.toThrow("enough");
  });
});
