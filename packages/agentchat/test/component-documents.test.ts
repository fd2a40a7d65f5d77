import {
  AssistantAgent,
  FunctionalTermination,
  MaxMessageTermination,
  type Participant,
  RoundRobinGroupChat,
  Runner,
  SourceMatchTermination,
  StopMessageTermination,
  Swarm,
  type TerminationCondition,
  TextMentionTermination,
  UserProxyAgent,
} from "@troupe/agentchat";
import { bufferedContext, replayModel, unboundedContext } from "@troupe/llm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  search,
  executor,
  standIns,
  registry,
  says,
  critic,
  failure,
  graph,
  participants,
  components,
} from "./support/component-samples.ts";

describe("a component document", () => {
  it.each(components)("comes back as it was written: %s", (_, made) => {
    const written = registry.dump(made);
    const loaded = registry.load(JSON.stringify(written));
    expect(loaded.constructor).toBe(made.constructor);
    expect(registry.dump(loaded)).toEqual(written);
    expect(written.provider).toMatch(/^@troupe\/agentchat\/\w+$/);
  });

  it("of an agent as a tool comes back as it was written, in AutoGen's words too", () => {
    for (const made of [says("a").asTool(), says("a").asTool({ name: "ask", returns: "all", keepsMemory: true })]) {
      const written = registry.dump(made);
      expect(written.provider).toBe("@troupe/agentchat/asTool");
      expect(registry.dump(registry.load(JSON.stringify(written)))).toEqual(written);
      const foreign = registry.dump(made, { dialect: "autogen" });
      expect(foreign.provider).toMatch(/^autogen_agentchat\.tools\.(Agent|Team)Tool$/);
      expect(registry.dump(registry.load(foreign), { dialect: "autogen" })).toEqual(foreign);
    }
  });

  it("of something that only AutoGen has is what the program lends in its place", () => {
    const { provider, config } = standIns[0] ?? {};
    expect(registry.load({ provider, config: { image: "another" } })).toBe(executor);
    expect(registry.dump(executor, { dialect: "autogen" })).toMatchObject({ provider, config });
    expect(registry.dump(executor).config).toEqual({ name: "sandbox" });
  });

  it("covers what it was written from: a default that is not said is not written", () => {
    expect(registry.dump(says("a")).config).toEqual({
      name: "writer",
      model: expect.objectContaining({ config: { answers: ["a"] } }),
    });
  });

  it("runs", async () => {
    const made = new RoundRobinGroupChat({
      name: "desk",
      participants: [says("Tea is wet.", "Tea is hot."), critic()],
      termination: new TextMentionTermination("APPROVE"),
    });
    const loaded = registry.load(registry.dump(made));
    if (!(loaded instanceof Runner)) throw new Error("no team came out");
    const result = await loaded.run("A line about tea.");
    expect(result.messages.map((message) => message.text)).toEqual([
      "A line about tea.",
      "Tea is wet.",
      "No.",
      "Tea is hot.",
      "APPROVE",
    ]);
    expect(result.stopReason).toMatchObject({ kind: "condition", condition: "TextMentionTermination" });
  });

  it("is the same after a round trip, whatever it says", () => {
    const word = fc.stringMatching(/^[a-z]{1,8}$/);
    const leaf = fc.oneof(
      fc.integer({ min: 1, max: 99 }).map((count): TerminationCondition => new MaxMessageTermination(count)),
      word.map((text): TerminationCondition => new TextMentionTermination(text)),
      fc
        .array(word, { minLength: 1, maxLength: 3 })
        .map((names): TerminationCondition => new SourceMatchTermination(names)),
    );
    const condition = fc.letrec<{ tree: TerminationCondition }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.tuple(tie("tree"), tie("tree")).map(([one, other]) => one.and(other)),
        fc.tuple(tie("tree"), tie("tree")).map(([one, other]) => one.or(other)),
        tie("tree").map((one) => one.not()),
      ),
    })).tree;
    const context = fc.constantFrom(unboundedContext(), bufferedContext({ size: 2 }), undefined);
    const agent = fc
      .record({
        name: word,
        answers: fc.array(fc.string(), { maxLength: 2 }),
        systemMessage: fc.option(fc.string()),
        context,
      })
      .map(
        ({ name, answers, systemMessage, context: modelContext }): Participant =>
          new AssistantAgent({ name, model: replayModel({ answers }), systemMessage, modelContext }),
      );
    const team = fc.letrec<{ tree: Participant }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        agent,
        fc
          .record({
            name: word,
            members: fc.uniqueArray(tie("tree"), { minLength: 1, maxLength: 3, selector: (one) => one.name }),
            termination: condition,
            isSwarm: fc.boolean(),
          })
          .map(({ name, members, termination, isSwarm }): Participant => {
            const options = { name, participants: members, termination };
            return isSwarm ? new Swarm(options) : new RoundRobinGroupChat(options);
          }),
      ),
    })).tree;
    fc.assert(
      fc.property(team, (made) => {
        const written = registry.dump(made);
        expect(registry.dump(registry.load(JSON.stringify(written)))).toEqual(written);
      }),
      { numRuns: 300 },
    );
  });
});

describe("what a document cannot say", () => {
  class Shouter extends AssistantAgent {}
  it.each([
    [
      "a schema of another library without a name",
      new AssistantAgent({ name: "a", model: replayModel({ answers: [] }), output: z.string() }),
      "config.output",
    ],
    ["a function without a name", new UserProxyAgent({ name: "a", prompt: () => "Well?" }), "config.prompt"],
    ["a condition of one's own without a name", new FunctionalTermination(() => true), "config.predicate"],
    [
      "a class of one's own",
      new RoundRobinGroupChat({ participants: [new Shouter({ name: "a", model: replayModel({ answers: [] }) })] }),
      "config.participants[0]",
    ],
    [
      "a secret in settings",
      new AssistantAgent({
        name: "a",
        model: replayModel({ answers: [] }),
        settings: { headers: { Authorization: "Bearer planted-canary" } },
      }),
      "config.settings.headers",
    ],
  ])("is refused with its place: %s", (_, made, path) => {
    const error = failure(() => registry.dump(made));
    expect(error).toMatchObject({ code: "config.not_dumpable", details: { path } });
    expect(`${error.message} ${error.remedy}`).not.toContain("canary");
  });

  it.each([
    ["a budget", new RoundRobinGroupChat({ participants: participants(), budget: { usd: 1 } }), "config.budget"],
    [
      "a negation",
      new RoundRobinGroupChat({ participants: participants(), termination: new StopMessageTermination().not() }),
      "config.termination_condition",
    ],
    ["sources of a text", new TextMentionTermination("x", { sources: ["a"] }), "config.sources"],
    ["a function at an edge", graph(), "config.graph.nodes[0].edges[0].condition"],
    [
      "a tool of ours",
      new AssistantAgent({ name: "a", model: replayModel({ answers: [] }), tools: [search] }),
      "config.workbench[0].config.tools[0].config",
    ],
  ])("is refused in AutoGen's words: %s", (_, made, path) => {
    expect(failure(() => registry.dump(made, { dialect: "autogen" }))).toMatchObject({
      code: "config.not_dumpable",
      details: { path },
    });
  });
});

it("names the field that is wrong, however deep", () => {
  const written = JSON.stringify(registry.dump(new RoundRobinGroupChat({ participants: participants() })));
  const broken = written.replace('"name":"critic"', '"name":"not a name"');
  expect(failure(() => registry.load(broken))).toMatchObject({
    code: "config.invalid_document",
    details: { path: "config.participants[1].config.name" },
  });
  const misplaced = written.replace(/"participants":\[/, '"participants":["writer",');
  expect(failure(() => registry.load(misplaced)).details).toEqual({ path: "config.participants[0]" });
});
