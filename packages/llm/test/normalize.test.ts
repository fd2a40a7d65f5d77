import { historyRules, type HistoryRules, type ModelMessage, normalize } from "@troupe/llm";
import { type HistoryValidator, historyValidators } from "@troupe/llm/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { damagedHistory, validHistory } from "./history-arbitrary.ts";

const user = (text: string): ModelMessage => ({ role: "user", content: [{ kind: "text", text }] });
const says = (text: string): ModelMessage => ({ role: "assistant", content: [{ kind: "text", text }] });
const system = (content: string): ModelMessage => ({ role: "system", content });
const calls = (...ids: string[]): ModelMessage => ({
  role: "assistant",
  content: ids.map((callId) => ({ kind: "tool-call", callId, toolName: "t", arguments: "{}" })),
});
const result = (callId: string, text = callId) =>
  ({ kind: "tool-result", callId, toolName: "t", status: "ok", content: [{ kind: "text", text }] }) as const;
const results = (...ids: string[]): ModelMessage => ({ role: "tool", content: ids.map((id) => result(id)) });
const { permissive, anthropic, google } = historyRules;

const providers: readonly [keyof typeof historyValidators, HistoryValidator][] = [
  ["openai-chat", historyValidators["openai-chat"]],
  ["openai-responses", historyValidators["openai-responses"]],
  ["anthropic", historyValidators.anthropic],
  ["google", historyValidators.google],
  ["mistral", historyValidators.mistral],
];

describe.each(providers)("any history, normalised for %s", (name, validate) => {
  const rules = historyRules[name];

  it("is accepted by the provider, whatever happened to it", () => {
    fc.assert(
      fc.property(damagedHistory, (history) => {
        expect(validate(normalize(history, rules))).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it("does not change when normalised again, and the input is not touched", () => {
    fc.assert(
      fc.property(damagedHistory, (history) => {
        const before = JSON.stringify(history);
        const once = normalize(history, rules);
        expect(normalize(once, rules)).toEqual(once);
        expect(JSON.stringify(history)).toBe(before);
      }),
      { numRuns: 300 },
    );
  });

  it("with merged system messages holds at most one, first", () => {
    const single: HistoryRules = { ...rules, systemMessages: "single" };
    fc.assert(
      fc.property(damagedHistory, (history) => {
        const output = normalize(history, single);
        expect(output.slice(1).filter((message) => message.role === "system")).toEqual([]);
        expect(validate(output)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("the validators", () => {
  it("refuse most damaged histories as they are, so that the properties above mean something", () => {
    const samples = fc.sample(damagedHistory, { numRuns: 300, seed: 7 });
    for (const [, validate] of providers) {
      expect(samples.filter((history) => validate(history).length > 0).length).toBeGreaterThan(150);
    }
  });
});

describe("what normalising keeps", () => {
  it("leaves a history that OpenAI accepts as it is, object for object", () => {
    fc.assert(
      fc.property(validHistory, (history) => {
        fc.pre(history.every((message) => message.role !== "tool" || message.content.length > 1));
        const output = normalize(history, permissive);
        output.forEach((message, index) => expect(message).toBe(history[index]));
      }),
      { numRuns: 200 },
    );
  });

  it("5: invents no words of the model and loses none of its calls", () => {
    fc.assert(
      fc.property(validHistory, (history) => {
        const said = (messages: readonly ModelMessage[]): string[] =>
          messages.flatMap((message) =>
            message.role === "assistant"
              ? message.content.flatMap((part) =>
                  part.kind === "text" ? [part.text] : part.kind === "tool-call" ? [part.callId] : [],
                )
              : [],
          );
        expect(said(normalize(history, anthropic))).toEqual(said(history));
      }),
      { numRuns: 200 },
    );
  });
});

describe("rules one by one", () => {
  it("2: spells ids of calls and names of tools as the provider does, the same at every call", () => {
    const history: ModelMessage[] = [
      user("a"),
      {
        role: "assistant",
        content: [{ kind: "tool-call", callId: "functions.t:0", toolName: "functions.t", arguments: "{}" }],
      },
      { role: "tool", content: [{ ...result("functions.t:0"), toolName: "functions.t" }] },
    ];
    const [, call, answer] = normalize(history, anthropic);
    expect(call).toMatchObject({
      content: [{ toolName: "functions_t", callId: expect.stringMatching(/^[a-z0-9]{9}$/) }],
    });
    expect(normalize([...history, user("b")], anthropic).slice(1, 2)).toEqual([call]);
    expect(call?.role === "assistant" && answer?.role === "tool" && call.content[0]).toMatchObject({
      callId: answer?.role === "tool" ? answer.content[0]?.callId : "",
    });
    expect(normalize(history, permissive)).toEqual(history);
  });

  it("3: sends an item that comes again, or has lost its thought, as if another model had said it", () => {
    const item = (itemId: string) => ({ providerMetadata: { openai: { itemId } } });
    const thought = { kind: "reasoning", text: "hm", ...item("rs_1") } as const;
    const words = { kind: "text", text: "yes", ...item("msg_1") } as const;
    const spoken: ModelMessage = { role: "assistant", content: [thought, words] };
    const rules = historyRules["openai-responses"];
    expect(normalize([spoken, user("again"), spoken], rules)).toEqual([spoken, user("again"), says("yes")]);
    const late: ModelMessage = { role: "assistant", content: [words, thought] };
    expect(normalize([late], rules)).toEqual([says("yes")]);
  });

  it("4: lets the assistant end a turn of tools before the user goes on, where the provider wants it", () => {
    const output = normalize([user("a"), calls("x"), results("x"), user("b")], historyRules.mistral);
    expect(output.map((message) => message.role)).toEqual(["user", "assistant", "tool", "assistant", "user"]);
  });

  it("4: is never nothing at all for a service", () => {
    for (const name of ["openai-chat", "openai-responses", "mistral", "openai-compatible"] as const)
      expect(normalize([user(" ")], historyRules[name])).toEqual([user("Continue.")]);
    expect(normalize([], permissive)).toEqual([]);
  });

  it("1: closes an open call as unknown, or as cancelled when the caller knows", () => {
    const missing = normalize([user("a"), calls("x", "y"), results("y"), user("b")], permissive);
    expect(missing[2]).toMatchObject({
      role: "tool",
      content: [
        { callId: "x", status: "unknown" },
        { callId: "y", status: "ok" },
      ],
    });
    const cancelled = normalize([calls("x")], { ...permissive, missingResult: "cancelled" });
    expect(cancelled[1]).toMatchObject({
      role: "tool",
      content: [
        { callId: "x", status: "cancelled", content: [{ text: "The call was cancelled before it gave a result." }] },
      ],
    });
  });

  it("1: brings a late result back to its call", () => {
    expect(normalize([calls("x"), user("quick!"), results("x")], permissive)).toEqual([
      calls("x"),
      results("x"),
      user("quick!"),
    ]);
  });

  it("2: drops orphans and second results, and the first result counts", () => {
    const repeated: ModelMessage = {
      role: "tool",
      content: [result("x", "first"), result("x", "second"), result("z")],
    };
    expect(normalize([results("early"), calls("x"), repeated, results("x")], permissive)).toEqual([
      calls("x"),
      { role: "tool", content: [result("x", "first")] },
    ]);
  });

  it("2: drops a call that one answer repeats", () => {
    expect(normalize([calls("x", "x"), results("x")], permissive)).toEqual([calls("x"), results("x")]);
  });

  it("2: gives call ids that repeat across answers distinct names, with their results", () => {
    const output = normalize(
      [
        calls("call_0"),
        { role: "tool", content: [result("call_0", "one")] },
        calls("call_0"),
        { role: "tool", content: [result("call_0", "two")] },
      ],
      permissive,
    );
    expect(output.slice(2)).toEqual([
      calls("call_0-2"),
      { role: "tool", content: [{ ...result("call_0-2"), content: [{ kind: "text", text: "two" }] }] },
    ]);
  });

  it("3: drops blank texts and the messages that are left empty", () => {
    expect(normalize([user(" "), says(""), { role: "user", content: [] }, user("x")], permissive)).toEqual([user("x")]);
  });

  it("3: keeps reasoning before its output and drops it without", () => {
    const thought = { kind: "reasoning", text: "hm" } as const;
    const words = { kind: "text", text: "yes" } as const;
    expect(
      normalize(
        [
          { role: "assistant", content: [thought, words, thought] },
          { role: "assistant", content: [thought] },
        ],
        permissive,
      ),
    ).toEqual([{ role: "assistant", content: [thought, words] }]);
  });

  it("3: drops reasoning that another provider signed", () => {
    const signed = (name: string) =>
      ({ kind: "reasoning", text: "hm", providerMetadata: { [name]: { signature: "s" } } }) as const;
    const words = { kind: "text", text: "yes" } as const;
    const history: ModelMessage[] = [
      user("a"),
      { role: "assistant", content: [signed("openai"), signed("anthropic"), words] },
      user("b"),
    ];
    expect(normalize(history, anthropic)[1]).toEqual({ role: "assistant", content: [signed("anthropic"), words] });
    expect(normalize(history, historyRules["openai-responses"])[1]).toEqual({
      role: "assistant",
      content: [signed("openai"), words],
    });
  });

  it("3: keeps an empty text that carries the provider's signature", () => {
    const signed: ModelMessage = {
      role: "assistant",
      content: [{ kind: "text", text: "", providerMetadata: { google: { thoughtSignature: "s" } } }],
    };
    expect(normalize([user("a"), signed, user("b")], google)).toContain(signed);
    expect(normalize([user("a"), signed, user("b")], anthropic)).not.toContain(signed);
  });

  it("4: merges system messages in front when only one is allowed", () => {
    expect(normalize([system("a"), user("x"), system("b")], { ...permissive, systemMessages: "single" })).toEqual([
      system("a\nb"),
      user("x"),
    ]);
    expect(normalize([system("a"), user("x"), system("b")], anthropic)).toEqual([system("a"), system("b"), user("x")]);
    expect(normalize([system("a"), user("x"), system("b")], permissive)).toEqual([system("a"), user("x"), system("b")]);
  });

  it("4: gives the user the first and the last turn where the provider wants it", () => {
    expect(normalize([system("s"), says("Hello")], anthropic)).toEqual([
      system("s"),
      user("Continue."),
      says("Hello"),
      user("Continue."),
    ]);
    expect(normalize([system("s")], anthropic)).toEqual([system("s"), user("Continue.")]);
    // Nothing is left of a thought that led to nothing.
    expect(normalize([{ role: "assistant", content: [{ kind: "reasoning", text: "hm" }] }], anthropic)).toEqual([
      user("Continue."),
    ]);
  });

  it("4: merges neighbours, and says in the text who speaks where the provider has no place for names", () => {
    const named = (name: string, text: string): ModelMessage => ({
      role: "user",
      name,
      content: [{ kind: "text", text }],
    });
    const parts = (...texts: string[]) => texts.map((text) => ({ kind: "text", text }));
    expect(normalize([named("user", "1"), named("ada", "2"), named("bob", "3")], anthropic)).toEqual([
      { role: "user", content: parts("1", "ada said:\n2", "bob said:\n3") },
    ]);
    const image: ModelMessage = {
      role: "user",
      name: "ada",
      content: [{ kind: "file", mediaType: "image/png", data: "AAAA" }],
    };
    expect(normalize([image], google)).toMatchObject([{ content: [{ text: "ada said:" }, { kind: "file" }] }]);
    expect(normalize([named("ada", "2")], permissive)).toEqual([named("ada", "2")]);
    // With rules of one's own a name stays where neighbours share it.
    const merging: HistoryRules = { ...permissive, mergesNeighbours: true };
    expect(normalize([named("ada", "1"), named("ada", "2")], merging)).toEqual([
      { role: "user", name: "ada", content: parts("1", "2") },
    ]);
    expect(normalize([named("ada", "1"), named("bob", "2")], merging)).toEqual([
      { role: "user", content: parts("1", "2") },
    ]);
  });

  it("turns images into a text mark for a model that cannot see, in results too", () => {
    const blind: HistoryRules = { ...permissive, images: false };
    const history: ModelMessage[] = [
      { role: "user", content: [{ kind: "file", mediaType: "image/png", data: "AAAA", fileName: "cat.png" }] },
      calls("x"),
      {
        role: "tool",
        content: [{ ...result("x"), content: [{ kind: "file", mediaType: "image/jpeg", data: "AAAA" }] }],
      },
    ];
    expect(normalize(history, blind)).toEqual([
      user("[image omitted: cat.png, image/png]"),
      calls("x"),
      { role: "tool", content: [{ ...result("x"), content: [{ kind: "text", text: "[image omitted: image/jpeg]" }] }] },
    ]);
  });
});
