import { InProcessRuntime, MemoryStore } from "@troupe/core";
import { ScriptedModel } from "@troupe/llm/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AssistantAgent,
  MaxMessageTermination,
  SelectorGroupChat,
  type SelectorGroupChatOptions,
} from "../src/index.ts";

const names = ["writer", "critic_one", "editor"];

function chatter(name: string): AssistantAgent {
  return new AssistantAgent({ name, model: new ScriptedModel(() => `${name} speaks`), description: `The ${name}` });
}

interface TeamParts extends Partial<SelectorGroupChatOptions> {
  readonly answers: ConstructorParameters<typeof ScriptedModel>[0];
}

function createTeam({ answers, ...options }: TeamParts): {
  readonly team: SelectorGroupChat;
  readonly model: ScriptedModel;
} {
  const model = new ScriptedModel(answers);
  const participants = options.participants ?? names.map(chatter);
  return { team: new SelectorGroupChat({ maxTurns: 4, name: "panel", model, ...options, participants }), model };
}

async function speakers(team: SelectorGroupChat, runtime?: InProcessRuntime): Promise<readonly string[]> {
  const { messages } = await team.run("Go", { runtime });
  return messages.map((message) => message.source).filter((source) => source !== "user");
}

describe("what a selector's model may answer", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["the name", "writer"],
    ["JSON", '{"speaker":"writer"}'],
    ["JSON in a fence", '```json\n{ "speaker": "writer" }\n```'],
    ["JSON that is cut off", '{"speaker": "writer"'],
    ["Markdown", "**writer**"],
    ["a sentence", "The next to speak is writer."],
    ["another case", "WRITER"],
    ["thoughts in tags", "<think>critic_one or editor?</think>writer"],
    ["quotes", '"writer"'],
  ];
  test.each(cases)("%s", async (_what, answer) => {
    const { team, model } = createTeam({ answers: [answer, "editor", "writer", "editor"] });
    expect((await speakers(team))[0]).toBe("writer");
    expect(model.requests.length).toBe(4);
  });

  test.each(["critic_one", "critic one", String.raw`critic\_one`])("%s for an underscore", async (answer) => {
    const { team } = createTeam({ answers: [answer], maxTurns: 1 });
    expect(await speakers(team)).toEqual(["critic_one"]);
  });

  test("a name within a longer word does not count", async () => {
    const { team } = createTeam({ answers: ["the writers' editor"], maxTurns: 1 });
    expect(await speakers(team)).toEqual(["editor"]);
  });
});

describe("an answer that is no choice", () => {
  test("is asked for again, with what is wrong with it", async () => {
    const { team, model } = createTeam({ answers: ["writer and editor", "editor"], maxTurns: 1 });
    expect(await speakers(team)).toEqual(["editor"]);
    expect(JSON.stringify(model.requests[1]?.messages.at(-1))).toContain("more than one");
  });

  test("SE1: 500 bad answers give legal speakers only, and nobody speaks twice running", async () => {
    const bad = fc.oneof(
      fc.constantFrom(
        "",
        "nobody",
        "writer, editor",
        "I refuse.",
        "<think>writer",
        "{}",
        '{"speaker":null}',
        "```",
        "{",
      ),
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.constantFrom(...names),
    );
    const answers = fc.sample(bad, { numRuns: 500, seed: 7 });
    let next = 0;
    const { team } = createTeam({
      answers: () => answers[next++ % answers.length] ?? "",
      maxSelectorAttempts: 1,
      maxFailedSelections: Number.POSITIVE_INFINITY,
      maxTurns: 500,
    });
    const result = await team.run("Go", { budget: "unbounded", loops: "off" });
    const said = result.messages.map((message) => message.source).slice(1);
    expect(said).toHaveLength(500);
    expect(said.filter((name) => !names.includes(name))).toEqual([]);
    expect(said.filter((name, index) => name === said[index - 1])).toEqual([]);
    await team.close();
  });

  test("falls back to the next candidate, says so, and ends as stalled when it goes on", async () => {
    const { team } = createTeam({ answers: () => "?", maxFailedSelections: 3, maxTurns: 9 });
    const kinds: string[] = [];
    const run = team.run("Go");
    for await (const event of run) {
      if (event.kind === "speaker-selected") kinds.push(`${event.by}:${event.speakers.join()}`);
      if (event.kind === "selection-failed") kinds.push(`failed:${event.answers.length}`);
    }
    expect(kinds).toEqual(["failed:3", "fallback:writer", "failed:3", "fallback:critic_one", "failed:3"]);
    expect((await run).stopReason).toMatchObject({
      kind: "stalled",
      detail: expect.stringContaining("3 times running"),
    });
  });

  test("with two members and a model that always names the last speaker there is no livelock in 1,000 turns", async () => {
    const { team, model } = createTeam({
      participants: [chatter("a"), chatter("b")],
      answers: () => "a",
      maxTurns: 1000,
    });
    const { messages } = await team.run("Go", { budget: "unbounded", loops: "off" });
    const said = messages.slice(1).map((message) => message.source);
    expect(said).toEqual(Array.from({ length: 1000 }, (_, index) => (index % 2 === 0 ? "a" : "b")));
    expect(model.requests.length).toBe(1);
    await team.close();
  });

  test.each([
    ["stop", { kind: "stalled" }],
    ["error", undefined],
  ] as const)("fallback %s", async (fallback, reason) => {
    const { team } = createTeam({ answers: () => "?", fallback });
    if (reason === undefined)
      await expect(team.run("Go")).rejects.toMatchObject({ cause: { code: "team.selection_failed" } });
    else expect((await team.run("Go")).stopReason).toMatchObject(reason);
  });
});

describe("functions", () => {
  test("the selector function decides; null leaves it to the model; its choice counts as the last speaker", async () => {
    const asked: number[] = [];
    const { team, model } = createTeam({
      answers: ["writer"],
      maxTurns: 3,
      participants: [chatter("writer"), chatter("editor")],
      selectorFunction: (thread) => {
        asked.push(thread.length);
        return thread.length === 1 ? "editor" : null;
      },
    });
    expect(await speakers(team)).toEqual(["editor", "writer", "editor"]);
    expect(asked).toEqual([1, 2, 3]);
    expect(model.requests).toHaveLength(0);
  });

  test("the candidate function narrows the choice; one name needs no model; none is an error", async () => {
    const { team, model } = createTeam({ answers: [], candidateFunction: () => ["editor"], maxTurns: 2 });
    expect(await speakers(team)).toEqual(["editor", "editor"]);
    expect(model.requests).toHaveLength(0);
    const none = createTeam({ answers: [], candidateFunction: () => [] }).team;
    await expect(none.run("Go")).rejects.toMatchObject({ cause: { code: "team.no_candidates" } });
    const stranger = createTeam({ answers: [], selectorFunction: () => "nobody" }).team;
    await expect(stranger.run("Go")).rejects.toMatchObject({ cause: { code: "team.unknown_speaker" } });
  });

  test("are journaled: a run that was taken up again does not ask them twice", async () => {
    const store = new MemoryStore({ isDurable: true });
    let asked = 0;
    const define = (): SelectorGroupChat =>
      createTeam({
        answers: [],
        maxTurns: 2,
        selectorFunction: () => {
          asked += 1;
          return asked % 2 === 1 ? "writer" : "editor";
        },
      }).team;
    const first = new InProcessRuntime({ store });
    const result = await define().run("Go", { runtime: first, runId: "r" });
    await first.close();
    const second = new InProcessRuntime({ store });
    const again = await define().run("Go", { runtime: second, runId: "r" });
    await second.close();
    expect(again.messages).toEqual(result.messages);
    expect(asked).toBe(2);
  });
});

describe("the selector's question", () => {
  test("holds roles, candidates and what was said, and is constrained where the model can be", async () => {
    const { team, model } = createTeam({ answers: ["writer", "editor"], maxTurns: 2 });
    await team.run("Plan {history} of a trip");
    const text = JSON.stringify(model.requests[1]?.messages);
    expect(text).toContain("writer: The writer");
    expect(text).toContain("user: Plan {history} of a trip");
    expect(text).toContain("writer: writer speaks");
    expect(model.requests[1]?.responseFormat).toMatchObject({
      schema: { properties: { speaker: { enum: ["critic_one", "editor"] } } },
    });
  });

  test("costs are counted, and the budget holds", async () => {
    const { team } = createTeam({ answers: () => "writer", allowRepeatedSpeaker: true, maxTurns: 9 });
    const result = await team.run("Go", { budget: { modelCalls: 5 } });
    expect(result.stopReason.kind).toBe("budget");
    expect(result.usage.total.calls).toBe(5);
  });

  test("definitions that cannot work are refused", () => {
    expect(() => createTeam({ answers: [], participants: [chatter("a")] })).toThrow(/nobody to choose from/);
    expect(() => createTeam({ answers: [], selectorPrompt: "{who}?" })).toThrow(/\{who\}/);
    expect(() => createTeam({ answers: [], maxSelectorAttempts: 0 })).toThrow(/maxSelectorAttempts/);
  });
});

test("cancelling while the selector's model thinks ends the run, and the session goes on", async () => {
  const { team } = createTeam({ answers: [{ kind: "hang" }, "editor"], maxTurns: 1 });
  const session = team.session("s");
  const run = session.run("Go");
  for await (const event of run.handle.events()) if (event.kind === "model-started") break;
  await run.cancel("enough");
  expect((await run).stopReason.kind).toBe("cancelled");
  expect((await session.run("Again")).messages.at(-1)?.source).toBe("editor");
  await team.close();
});

test("members may come and go: the next choice is among those who take part", async () => {
  const { team, model } = createTeam({
    answers: () => "writer",
    reserves: ["editor"],
    maxTurns: 3,
    termination: new MaxMessageTermination(9),
  });
  expect(await speakers(team)).toEqual(["writer", "critic_one", "writer"]);
  expect(JSON.stringify(model.requests[0]?.responseFormat)).not.toContain("editor");
});
