import {
  AssistantAgent,
  type AssistantAgentOptions,
  partialOutputs,
  RoundRobinGroupChat,
  type RunEvent,
  Swarm,
} from "@troupe/agentchat";
import { createSeededRandom, InProcessRuntime, MemoryStore, ModelError } from "@troupe/core";
import {
  bufferedContext,
  type DeepPartial,
  estimateTokens,
  historyRules,
  type ModelRequest,
  normalize,
  rollingSummaryContext,
  toolResultClearingContext,
} from "@troupe/llm";
import { historyValidators, reply, type ScriptFunction, ScriptedModel } from "@troupe/llm/testing";
import { expect, expectTypeOf } from "vitest";
import { z } from "zod";
import { verifies } from "../answers.ts";
import { errorOf, eventsOf, simpleTool } from "../agentchat/fixtures.ts";

const long = "a word or two ".repeat(60);
const textOf = (request: ModelRequest | undefined): string => JSON.stringify(request?.messages);
const formats = ["openai-chat", "openai-responses", "anthropic", "google", "mistral"] as const;

/** What providers would complain about in the requests that a model got. */
function complaints(model: ScriptedModel): readonly string[] {
  return model.requests.flatMap(({ messages }) =>
    formats.flatMap((name) => historyValidators[name](normalize(messages, historyRules[name]))),
  );
}

function prunings(events: readonly RunEvent[]) {
  return events.flatMap((event) => (event.kind === "history-pruned" ? [event] : []));
}

verifies("history-reflection", "a reflection sees its tools and the newest calls", async () => {
  const model = new ScriptedModel([reply.toolCall("look"), "eggs it is"]);
  const agent = new AssistantAgent({
    name: "a",
    model,
    tools: [simpleTool("look", () => "eggs")],
    maxToolIterations: 1,
    reflectOnToolUse: true,
    modelContext: bufferedContext({ size: 1 }),
  });
  await agent.run("what is there?");
  const [, reflection] = model.requests;
  expect(reflection?.tools?.map((tool) => tool.name)).toEqual(["look"]);
  expect(reflection?.toolChoice).toBe("none");
  // The newest unit is the call with its result, whole although it is longer than the context.
  expect(reflection?.messages.map((message) => message.role)).toEqual(["system", "assistant", "tool"]);
});

verifies("history-valid", "requests after cancels, interruptions, handoffs and trims are valid", async () => {
  const models: ScriptedModel[] = [];
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = createSeededRandom(seed);
    const script: ScriptFunction = (request, { index }) => {
      if (index % 5 === 4) return `words ${index}`;
      const last = request.messages.at(-1);
      const isHandoff = last?.role === "tool" && random.next() < 0.5;
      return reply.parts([
        { kind: "reasoning", text: "Hm.", providerMetadata: { openai: { itemId: `rs_${seed}_${index}` } } },
        { kind: "tool-call", callId: "call:0", toolName: isHandoff ? "transfer_to_bob" : "look", arguments: "{}" },
      ]);
    };
    const model = new ScriptedModel(script, { capabilities: { contextWindow: 600 } });
    const bobs = new ScriptedModel(() => "over here");
    models.push(model, bobs);
    const options: Partial<AssistantAgentOptions> = { tools: [simpleTool("look", () => long)], handoffs: ["bob"] };
    const ada = new AssistantAgent({ name: "ada", model, ...options });
    const team = new Swarm({ participants: [ada, new AssistantAgent({ name: "bob", model: bobs })], name: "desk" });
    const session = team.session("s");
    for (let task = 0; task < 4; task += 1) {
      const run = session.run(`task ${task}`);
      const end = run.then(
        () => undefined,
        () => undefined,
      );
      let left = Math.floor(random.next() * 12);
      for await (const _event of run.events()) if ((left -= 1) < 0) break;
      if (task % 2 === 0) await run.cancel().catch(() => undefined);
      else await run.interrupt("stop").catch(() => undefined);
      await end;
    }
    await team.close();
  }
  expect(models.reduce((sum, model) => sum + model.calls, 0)).toBeGreaterThan(100);
  expect(models.flatMap(complaints)).toEqual([]);
});

verifies("history-window", "a long chat goes on, an event says what is left out", async () => {
  const model = new ScriptedModel(() => long, { capabilities: { contextWindow: 8_000 }, keepRequests: 1_000 });
  const session = new AssistantAgent({ name: "a", model }).session("s");
  let events = 0;
  let tokens = 0;
  for (let turn = 0; tokens < 200_000; turn += 1) {
    const run = session.run(`${turn} ${long}`);
    events += prunings(await eventsOf(run)).length;
    const sent = estimateTokens(model.requests.at(-1)?.messages ?? []);
    expect(sent).toBeLessThanOrEqual(6_400);
    tokens += sent;
  }
  expect(events).toBeGreaterThan(1);
  expect((await session.messages()).length).toBe(model.calls * 2);
});

verifies("history-overflow", "a request that is too long is sent once more, shorter", async () => {
  const tooLong = new ModelError("model.context_overflow", "too long", { remedy: "Send less." });
  const model = new ScriptedModel((request) =>
    estimateTokens(request.messages) > 600 ? reply.failure(tooLong) : "short enough",
  );
  const session = new AssistantAgent({ name: "a", model }).session("s");
  for (let turn = 0; turn < 3; turn += 1) await session.run(long);
  const run = session.run("and now?");
  expect((await run).text).toBe("short enough");
  expect(model.requests.some((request) => textOf(request).includes("Skipped"))).toBe(true);
});

verifies("history-summary", "a summary is made once per growth and survives the process", async () => {
  const store = new MemoryStore({ isDurable: true });
  const writer = new ScriptedModel((_request, { index }) => `summary ${index}`, { name: "test:writer" });
  const model = new ScriptedModel(() => long);
  for (let turn = 0; turn < 6; turn += 1) {
    // Each turn in a process of its own.
    const runtime = new InProcessRuntime({ store });
    const modelContext = rollingSummaryContext({ maxTokens: 1_000, model: writer });
    const agent = new AssistantAgent({ name: "a", model, modelContext });
    await agent.session("s", { runtime }).run(`${turn} ${long}`);
    await runtime.close();
  }
  expect(writer.calls).toBeGreaterThan(1);
  expect(writer.calls).toBeLessThan(5);
  expect(textOf(model.requests.at(-1))).toContain(`summary ${writer.calls - 1}`);
  expect(textOf(model.requests.at(-1))).not.toContain("0 a word");
  expect(textOf(writer.requests.at(-1))).toContain(`summary ${writer.calls - 2}`);
});

verifies("history-results", "old results are cleared, pairs stay", async () => {
  const model = new ScriptedModel((_request, { index }) => (index < 8 ? reply.toolCall("look", { index }) : "done"));
  const tools = [simpleTool("look", () => long)];
  const modelContext = toolResultClearingContext({ keep: 2, step: 1 });
  await new AssistantAgent({ name: "a", model, tools, modelContext }).run("go");
  const last = model.requests.at(-1)?.messages ?? [];
  const results = last.flatMap((message) => (message.role === "tool" ? message.content : []));
  expect(results).toHaveLength(8);
  expect(results.filter((part) => JSON.stringify(part).includes("not shown any more"))).toHaveLength(6);
  expect(complaints(model)).toEqual([]);
});

const Order = z.object({ id: z.int(), items: z.array(z.object({ name: z.string(), count: z.int() })) });
type Order = z.infer<typeof Order>;
const order: Order = {
  id: 7,
  items: [
    { name: "pen", count: 2 },
    { name: "ink", count: 1 },
  ],
};

verifies("output-ladder", "every model answers with data", async () => {
  const capabilities = [
    { structuredOutput: "native" },
    { structuredOutput: "json", tools: true },
    { structuredOutput: "json", tools: false },
    { structuredOutput: "none", tools: false },
  ] as const;
  const asked: string[] = [];
  for (const capability of capabilities) {
    const script: ScriptFunction = ({ toolChoice }) =>
      toolChoice === undefined ? JSON.stringify(order) : reply.toolCall("final_answer", structuredClone(order));
    const model = new ScriptedModel(script, { capabilities: capability });
    const result = await new AssistantAgent({ name: "a", model, output: Order }).run("go");
    expect(result.output).toEqual(order);
    const { responseFormat, toolChoice } = model.requests[0] ?? {};
    const format = responseFormat?.kind === "json" ? ("schema" in responseFormat ? "schema" : "json") : "words";
    asked.push(toolChoice === undefined ? format : "tool");
  }
  expect(asked).toEqual(["schema", "tool", "json", "words"]);
});

/** An order as a model writes it that has a bad day, and what has to come of it. Damage at random may do no harm. */
function badOutput(seed: number): { readonly text: string; readonly fate: "right" | "repair" | "open" } {
  const random = createSeededRandom(seed);
  const text = JSON.stringify(order, null, Math.floor(random.next() * 3));
  const cut = Math.floor(random.next() * (text.length - 1));
  const piece = [",", "}", "]", '"', "x", ""][Math.floor(random.next() * 6)] ?? "";
  const damaged = `${text.slice(0, cut)}${piece}${text.slice(cut + Math.floor(random.next() * 3))}`;
  const other = JSON.stringify({ ...order, id: 8 });
  const forms = [
    { text: `Here you are: ${text}`, fate: "right" },
    { text: `\`\`\`json\n${text}\n\`\`\``, fate: "right" },
    { text: text.replaceAll('"', "'"), fate: "right" },
    { text: text.replace(/\]/, ",]"), fate: "right" },
    { text: `<think>${other}</think>${text}`, fate: "right" },
    { text: JSON.stringify(text), fate: "right" },
    { text: text.slice(0, cut), fate: "repair" },
    { text: `\`\`\`json\n${text.slice(0, cut)}`, fate: "repair" },
    { text: `${text}\n${other}`, fate: "repair" },
    { text: `<think>${other}`, fate: "repair" },
    { text: text.replace("7", '"7"'), fate: "repair" },
    { text: text.replace('"id"', '"number"'), fate: "repair" },
    { text: `{"order":${text}}`, fate: "repair" },
    { text: text.replace("2", "two"), fate: "repair" },
    { text: `${text.slice(0, -1)},"id":8}`, fate: "repair" },
    { text: "I cannot do that.", fate: "repair" },
    { text: damaged, fate: "open" },
    { text: `Sure: ${damaged}`, fate: "open" },
    { text: `\`\`\`\n${damaged}\n\`\`\``, fate: "open" },
  ] as const;
  return forms[seed % forms.length] ?? forms[0];
}

verifies("output-bad", "200 bad outputs: the right value, a repaired one or a typed error", async () => {
  const counts = { taken: 0, repaired: 0, failed: 0 };
  for (let seed = 0; seed < 200; seed += 1) {
    const { text, fate } = badOutput(seed);
    const once = new ScriptedModel([text, JSON.stringify(order), JSON.stringify(order)]);
    const { output } = await new AssistantAgent({ name: "a", model: once, output: Order }).run("go");
    const isTaken = once.calls === 1;
    counts[isTaken ? "taken" : "repaired"] += 1;
    if (fate !== "open") expect(isTaken, text).toBe(fate === "right");
    if (fate !== "open" || !isTaken) expect(output, text).toEqual(order);
    expect(output.items, text).toHaveLength(2);
    if (isTaken) {
      // What was taken of a damaged text is said in it, as it stands there.
      for (const { name, count } of output.items) expect(text).toMatch(new RegExp(`${name}.*${count}`, "s"));
      continue;
    }
    const always = new ScriptedModel(() => (text === "" ? " " : text));
    const error = await errorOf(new AssistantAgent({ name: "a", model: always, output: Order }).run("go"));
    const code = /^model\.(invalid_output|empty_answer)$/;
    expect(error, text).toMatchObject({ cause: { code: expect.stringMatching(code) } });
    counts.failed += 1;
  }
  expect(counts.taken).toBeGreaterThan(60);
  expect(counts.failed).toBe(counts.repaired);
  expect(counts.failed).toBeGreaterThan(100);
});

verifies("output-partial", "data is shown while it is written", async () => {
  const make = (): AssistantAgent<Order> => {
    const model = new ScriptedModel([JSON.stringify(order)], { chunkSize: 4 });
    return new AssistantAgent({ name: "clerk", model, output: Order });
  };
  const team = new RoundRobinGroupChat({ participants: [make()], maxTurns: 1, output: Order });
  for (const runner of [make(), team]) {
    const run = runner.run("go");
    const seen: DeepPartial<Order>[] = [];
    for await (const partial of partialOutputs(run)) {
      expectTypeOf(partial.items).toEqualTypeOf<
        readonly { readonly name?: string; readonly count?: number }[] | undefined
      >();
      seen.push(partial);
    }
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.at(-1)).toEqual(order);
    const sizes = seen.map((partial) => JSON.stringify(partial).length);
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    expect((await run).output).toEqual(order);
  }
});
