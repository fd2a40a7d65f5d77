import { type JsonValue, ModelError } from "@troupe/core";
import {
  AssistantAgent,
  type AssistantAgentOptions,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  partialOutputs,
  RoundRobinGroupChat,
  type RunEvent,
} from "@troupe/agentchat";
import { type DeepPartial, type ModelCapabilities, structuredAnswer, tool } from "@troupe/llm";
import { reply, type Script, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";

const Recipe = z.object({ title: z.string(), steps: z.array(z.string()) });
const recipe = { title: "Pancakes", steps: ["mix", "fry"] };

const kinds = {
  native: { structuredOutput: "native" },
  tool: { structuredOutput: "json", tools: true },
  json: { structuredOutput: "json", tools: false },
  prompt: { structuredOutput: "none", tools: false },
} as const satisfies Record<string, Partial<ModelCapabilities>>;
const kindNames = ["native", "tool", "json", "prompt"] as const;
type Kind = (typeof kindNames)[number];

/** What a model of a kind says to give a value. */
function says(kind: Kind, value: unknown): ReturnType<typeof reply.text> {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return kind === "tool" ? reply.toolCalls([{ name: "final_answer", argumentsText: text }]) : reply.text(text);
}

function cook(
  kind: Kind,
  script: Script,
  options: Partial<AssistantAgentOptions<z.infer<typeof Recipe>>> = {},
): { readonly agent: AssistantAgent<z.infer<typeof Recipe>>; readonly model: ScriptedModel } {
  const model = new ScriptedModel(script, { capabilities: kinds[kind], chunkSize: 5 });
  return { agent: new AssistantAgent({ name: "cook", model, output: Recipe, ...options }), model };
}

async function watch(run: AsyncIterable<RunEvent>): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

const look = tool({ name: "look", description: "looks", input: z.object({}), execute: () => "eggs" });

describe.each(kindNames)("an agent with an output, on a model with %s", (kind) => {
  it("answers with data, and its history holds the answer as words", async () => {
    const { agent, model } = cook(kind, [says(kind, recipe), says(kind, { ...recipe, title: "Crêpes" })]);
    const session = agent.session("s");
    const result = await session.run("Cook!");
    expect(result.output).toEqual(recipe);
    expect(result.messages.at(-1)).toMatchObject({ kind: "structured", data: recipe, text: JSON.stringify(recipe) });
    expect((await session.run("Another!")).output.title).toBe("Crêpes");
    const seen = model.requests[1]?.messages.filter((message) => message.role === "assistant");
    expect(seen).toMatchObject([{ content: [{ kind: "text", text: JSON.stringify(recipe) }] }]);
    await agent.close();
  });

  it("repairs once and then fails with a typed error", async () => {
    const good = cook(kind, [says(kind, { title: 1 }), says(kind, recipe)]);
    expect((await good.agent.run("Cook!")).output).toEqual(recipe);
    expect(good.model.calls).toBe(2);
    const bad = cook(kind, [says(kind, { title: 1 }), says(kind, { title: 2 })]);
    await expect(bad.agent.run("Cook!")).rejects.toMatchObject({ cause: { code: "model.invalid_output" } });
    expect(bad.model.calls).toBe(2);
  });

  it("shows the answer as it comes, each picture larger than the last, and the last whole", async () => {
    const { agent } = cook(kind, [says(kind, recipe)]);
    const run = agent.run("Cook!");
    const seen: DeepPartial<z.infer<typeof Recipe>>[] = [];
    for await (const partial of partialOutputs(run)) {
      expectTypeOf(partial.title).toEqualTypeOf<string | undefined>();
      expectTypeOf(partial.steps).toEqualTypeOf<readonly string[] | undefined>();
      seen.push(partial);
    }
    expect(seen.length).toBeGreaterThan(4);
    expect(seen.at(-1)).toEqual(recipe);
    for (const [index, partial] of seen.entries()) {
      expect(recipe.title.startsWith(partial.title ?? "")).toBe(true);
      expect((partial.title ?? "").length).toBeGreaterThanOrEqual((seen[index - 1]?.title ?? "").length);
      expect((partial.steps ?? []).length).toBeGreaterThanOrEqual((seen[index - 1]?.steps ?? []).length);
    }
    expect((await run).output).toEqual(recipe);
  });
});

describe("an agent with tools and an output", () => {
  it("uses both where the provider has no schema mode, and its own tool leaves no trace", async () => {
    const script = [reply.toolCall("look"), says("tool", recipe)];
    const { agent, model } = cook("tool", script, { tools: [look] });
    const run = agent.run("Cook!");
    const events = await watch(run.events());
    expect((await run).output).toEqual(recipe);
    expect(model.requests.map((request) => request.toolChoice)).toEqual(["auto", "auto"]);
    expect(model.requests[0]?.tools?.map((declared) => declared.name)).toEqual(["look", "final_answer"]);
    const asked = events.flatMap((event) => (event.kind === "tool-call-requested" ? event.calls : []));
    expect(asked.map((call) => call.toolName)).toEqual(["look"]);
  });

  it("does not take an answer that comes beside other calls: it is asked again with their results", async () => {
    const both = reply.toolCalls([
      { name: "look" },
      { name: "final_answer", arguments: { ...recipe, title: "Too soon" } },
    ]);
    const { agent, model } = cook("tool", [both, says("tool", recipe)], { tools: [look] });
    expect((await agent.run("Cook!")).output).toEqual(recipe);
    expect(JSON.stringify(model.requests[1]?.messages)).not.toContain("Too soon");
  });

  it("has to answer when its rounds are used up", async () => {
    const script = [reply.toolCall("look"), says("tool", recipe)];
    const { agent, model } = cook("tool", script, { tools: [look], maxToolIterations: 1 });
    expect((await agent.run("Cook!")).output).toEqual(recipe);
    expect(model.requests[1]?.toolChoice).toEqual({ toolName: "final_answer" });
  });

  it("asks in the next way when the provider refuses one, for the rest of the turn", async () => {
    const refused = reply.failure(new ModelError("model.bad_request", "no schemas here", { remedy: "none" }));
    const { agent, model } = cook("native", [refused, says("tool", { title: 1 }), says("tool", recipe)]);
    expect((await agent.run("Cook!")).output).toEqual(recipe);
    expect(model.requests.map((request) => request.responseFormat?.kind)).toEqual(["json", undefined, undefined]);
  });
});

describe("a team", () => {
  it("shows the output of the participant that gives it, typed as the team's", async () => {
    const { agent } = cook("native", [says("native", recipe)]);
    const model = new ScriptedModel(["I am hungry."]);
    const guest = new AssistantAgent({ name: "guest", model });
    const team = new RoundRobinGroupChat({ participants: [guest, agent], maxTurns: 2, output: Recipe });
    const run = team.run("Dinner");
    let last: DeepPartial<z.infer<typeof Recipe>> | undefined;
    for await (const partial of partialOutputs(run, { source: "cook" })) last = partial;
    expect(last).toEqual(recipe);
    expect((await run).output).toEqual(recipe);
    await team.close();
  });
});

/** What is shown of the result with which an agent finishes its team's run, and what it is in the end. */
async function finishWith<Output>(output: z.ZodType<Output>, written: JsonValue) {
  const model = new ScriptedModel([reply.toolCall("finish", written)], { chunkSize: 5 });
  const worker = new AssistantAgent({ name: "worker", model });
  const team = new RoundRobinGroupChat({ participants: [worker], maxTurns: 2, output });
  const run = team.run("Dinner");
  const seen: unknown[] = [];
  for await (const partial of partialOutputs(run)) seen.push(partial);
  const result = await run;
  await team.close();
  return { seen, output: result.output };
}

describe("a team whose agents finish with its output", () => {
  it("shows the result while it is written", async () => {
    const { seen, output } = await finishWith(Recipe, recipe);
    expect(seen.length).toBeGreaterThan(4);
    expect(seen.at(-1)).toEqual(recipe);
    expect(output).toEqual(recipe);
  });

  it("shows a result that is no object, too", async () => {
    const { seen, output } = await finishWith(z.array(z.string()), { value: ["mix", "fry"] });
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.at(-1)).toEqual(["mix", "fry"]);
    expect(output).toEqual(["mix", "fry"]);
  });
});

const Vote = z.object({ next: z.enum(["ada", "bob"]) });

/** An agent of one's own that asks for data inside its turn. */
class Chooser extends BaseChatAgent {
  readonly #model: ScriptedModel;

  constructor(model: ScriptedModel) {
    super({ name: "chooser" });
    this.#model = model;
  }

  // oxlint-disable-next-line require-yield
  async *onMessages(_messages: readonly ChatMessage[], context: ChatAgentContext) {
    const model = this.#model;
    const answer = await structuredAnswer({
      call: (request) => context.callModel({ model, request }),
      model,
      messages: [{ role: "user", content: [{ kind: "text", text: "Who is next?" }] }],
      schema: Vote,
    });
    if (answer.kind === "valid") return this.reply(`next is ${answer.value.next}`);
    return this.reply(answer.kind === "invalid" ? answer.error.message : `ended: ${answer.outcome.status}`);
  }
}

describe("structuredAnswer in a turn", () => {
  it("makes journaled calls that the run counts", async () => {
    const chooser = new Chooser(new ScriptedModel(['{"next":"eve"}', '{"next":"bob"}']));
    const result = await chooser.run("go");
    expect(result.text).toBe("next is bob");
    expect(result.usage.total.calls).toBe(2);
  });

  it("hands the end of a call through when the budget refuses it", async () => {
    const chooser = new Chooser(new ScriptedModel(['{"next":"eve"}', '{"next":"bob"}']));
    const result = await chooser.run("go", { budget: { modelCalls: 1 } });
    expect(result.text).toBe("ended: failed");
  });
});
