import { ConfigError, ModelError } from "@troupe/core";
import { declareContract, ManualClock } from "@troupe/core/testing";
import { describe, expect, it } from "vitest";
import type { ChatModel, ModelEvent, ModelRequest } from "../model/chat-model.ts";
import { byTurn, type ChatModelScenario, cassette, chatModelContract, reply, ScriptedModel } from "./index.ts";

const ask = (text: string): ModelRequest => ({ messages: [{ role: "user", content: [{ kind: "text", text }] }] });

async function collect(events: AsyncIterable<ModelEvent>): Promise<ModelEvent[]> {
  const all: ModelEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe("a scripted model keeps the chat model contract", () => {
  const createModel = async (scenario: ChatModelScenario): Promise<ChatModel> => {
    const entry = {
      text: "The answer is 42.",
      "tool-call": reply.toolCall("add", { a: 20, b: 22 }),
      "parallel-tool-calls": reply.toolCalls([
        { name: "add", arguments: { a: 1, b: 2 } },
        { name: "add", arguments: { a: 3, b: 4 } },
      ]),
      failure: reply.failure(new ModelError("model.overloaded", "Too busy.", { remedy: "Try again later." })),
      silence: reply.hang(),
    }[scenario];
    return new ScriptedModel([entry, entry], { chunkSize: 4 });
  };
  declareContract(chatModelContract, { create: () => ({ createModel }) }, { test: it });
});

describe("scripts", () => {
  it("1: hands out a list in the order in which calls start", async () => {
    const model = new ScriptedModel(["one", "two"]);
    const [first, second] = await Promise.all([model.generate(ask("a")), model.generate(ask("b"))]);
    expect([first.content, second.content]).toEqual([[{ kind: "text", text: "one" }], [{ kind: "text", text: "two" }]]);
    expect(model.calls).toBe(2);
  });

  it("1: an aborted call takes no reply", async () => {
    const model = new ScriptedModel(["one"]);
    await expect(model.generate({ ...ask("a"), signal: AbortSignal.abort("no") })).rejects.toBe("no");
    expect((await model.generate(ask("a"))).content).toEqual([{ kind: "text", text: "one" }]);
  });

  it("says clearly when it runs out", async () => {
    const model = new ScriptedModel(["one"]);
    await model.generate(ask("a"));
    await expect(model.generate(ask("a"))).rejects.toMatchObject({
      code: "model.script_exhausted",
      message: "The script has 1 replies, and reply 2 was asked for.",
    });
  });

  it("2: streams and generates the same result", async () => {
    const make = () =>
      new ScriptedModel([reply.parts([{ kind: "text", text: "a😀b" }], { reasoning: "hm" })], { chunkSize: 2 });
    const events = await collect(make().stream(ask("x")));
    expect(events.at(-1)).toEqual({ kind: "finish", result: await make().generate(ask("x")) });
    expect(events.flatMap((event) => (event.kind === "text-delta" ? [event.delta] : []))).toEqual(["a😀", "b"]);
    expect(events.flatMap((event) => (event.kind === "reasoning-delta" ? [event.delta] : []))).toEqual(["hm"]);
  });

  it("decides by a function of the request, which may be slow and may fail", async () => {
    const model = new ScriptedModel(async (request, call) => {
      await Promise.resolve();
      if (call.index === 2) throw new RangeError("third");
      return `${request.messages.length} ${call.index} ${call.turn}`;
    });
    expect((await model.generate(ask("a"))).content).toEqual([{ kind: "text", text: "1 0 0" }]);
    const later: ModelRequest = { messages: [...ask("a").messages, { role: "assistant", content: [] }] };
    expect((await model.generate(later)).content).toEqual([{ kind: "text", text: "2 1 1" }]);
    await expect(model.generate(ask("a"))).rejects.toThrow(RangeError);
  });

  it("answers by turn, the same in every run", async () => {
    const model = new ScriptedModel(byTurn(["first", "second"]));
    const later: ModelRequest = { messages: [...ask("a").messages, { role: "assistant", content: [] }] };
    const answers = await Promise.all([later, ask("a"), later, ask("b")].map((request) => model.generate(request)));
    expect(answers.map((answer) => answer.content[0])).toEqual(
      ["second", "first", "second", "first"].map((text) => ({ kind: "text", text })),
    );
  });

  it("finds a cassette's answer whatever the order of keys, and explains a miss", async () => {
    const tape = cassette([
      { request: { ...ask("a"), temperature: 0, seed: 1 }, reply: "A" },
      { request: ask("b"), reply: "B" },
    ]);
    const model = new ScriptedModel(tape);
    expect((await model.generate({ seed: 1, temperature: 0, ...ask("a"), headers: { x: "y" } })).content).toEqual([
      { kind: "text", text: "A" },
    ]);
    const miss = model.generate(ask("c"));
    await expect(miss).rejects.toMatchObject({ code: "model.cassette_miss" });
    await expect(miss).rejects.toThrow('request.messages[0].content[0].text = "c"');
  });

  it("makes call ids that differ between turns and models and are stable for a repeated program", async () => {
    const run = async (text: string): Promise<string[]> => {
      const model = new ScriptedModel([reply.toolCall("t"), reply.toolCall("t")]);
      const results = [await model.generate(ask(text)), await model.generate(ask(text))];
      return results.flatMap((result) =>
        result.content.flatMap((part) => (part.kind === "tool-call" ? [part.callId] : [])),
      );
    };
    expect(await run("a")).toEqual(await run("a"));
    expect(new Set([...(await run("a")), ...(await run("b"))]).size).toBe(4);
  });

  it("sends broken arguments as they are written", async () => {
    const model = new ScriptedModel([reply.toolCalls([{ name: "t", argumentsText: '{"a":', callId: "c1" }])]);
    expect((await model.generate(ask("a"))).content).toEqual([
      { kind: "tool-call", callId: "c1", toolName: "t", arguments: '{"a":' },
    ]);
  });

  it.each([
    ["an entry that is no reply", [42]],
    ["a list with a hole", [undefined]],
    ["a tool without a name", [reply.toolCall("")]],
    ["a negative delay", [reply.text("x", { delayMs: -1 })]],
    ["an empty chunk", [reply.text("x", { chunkSize: 0 })]],
    ["nothing at all", undefined],
    [
      "a cassette with one request twice",
      cassette([
        { request: ask("a"), reply: "A" },
        { request: ask("a"), reply: "B" },
      ]),
    ],
  ])("refuses %s", (_what, script) => {
    // @ts-expect-error some of these scripts are wrong on purpose
    expect(() => new ScriptedModel(script)).toThrow(ConfigError);
  });

  it("refuses a function that returns nothing", async () => {
    // @ts-expect-error a script function must return a reply
    const model = new ScriptedModel(() => undefined);
    await expect(model.generate(ask("a"))).rejects.toMatchObject({ code: "config.invalid_option" });
  });
});

describe("time, failures and records", () => {
  it("waits on its clock, between pieces too", async () => {
    const clock = new ManualClock();
    const model = new ScriptedModel([reply.text("abcd", { delayMs: 100, chunkDelayMs: 10, chunkSize: 2 })], { clock });
    const seen: string[] = [];
    const done = (async () => {
      for await (const event of model.stream(ask("a"))) seen.push(event.kind);
    })();
    await flush();
    expect([seen.length, clock.timerCount]).toEqual([0, 1]);
    clock.advance(100);
    await flush();
    expect(seen).toEqual(["text-delta"]);
    clock.advance(10);
    await flush();
    clock.advance(10);
    await done;
    expect(seen).toEqual(["text-delta", "text-delta", "finish"]);
    expect(clock.timerCount).toBe(0);
  });

  it("3: an abort during a delay takes the timer back", async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const model = new ScriptedModel([reply.text("x", { delayMs: 100 })], { clock });
    const failed = expect(model.generate({ ...ask("a"), signal: controller.signal })).rejects.toBe("enough");
    await flush();
    controller.abort("enough");
    await failed;
    expect(clock.timerCount).toBe(0);
  });

  it("fails in the middle of a stream like a connection that breaks", async () => {
    const error = new ModelError("model.network", "Cut.", { remedy: "Retry." });
    const model = new ScriptedModel([reply.failure(error, { text: "half" })]);
    const seen: ModelEvent[] = [];
    const reading = (async () => {
      for await (const event of model.stream(ask("a"))) seen.push(event);
    })();
    await expect(reading).rejects.toBe(error);
    expect(seen).toEqual([{ kind: "text-delta", partId: "part-0", delta: "half" }]);
  });

  it("records requests as they were, up to its limit", async () => {
    const model = new ScriptedModel(() => "ok", { keepRequests: 2 });
    const messages = [...ask("a").messages];
    await model.generate({ messages });
    messages.push(...ask("b").messages);
    expect(model.requests[0]?.messages).toHaveLength(1);
    await model.generate(ask("c"));
    await model.generate(ask("d"));
    expect(model.requests.map((request) => request.messages)).toEqual([ask("c").messages, ask("d").messages]);
  });

  it("reports the scripted usage as exact and its own as an estimate", async () => {
    const model = new ScriptedModel([reply.text("x", { usage: { inputTokens: 10, outputTokens: 5 } }), "x"]);
    expect((await model.generate(ask("a"))).usage).toEqual({
      inputTokens: 10,
      outputTokens: 5,
      cachedInputTokens: 0,
      reasoningTokens: 0,
      estimated: false,
    });
    expect((await model.generate(ask("a"))).usage.estimated).toBe(true);
  });
});

async function flush(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
