import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AssistantAgent,
  createRegistry,
  dumpComponent,
  jsonSchema,
  loadComponent,
  model,
  RoundRobinGroupChat,
  TextMentionTermination,
} from "troupe";
import { afterAll, describe, expect, test } from "vitest";
import { troupe as run, type CommandOutcome } from "./run-command-line.ts";

const folder = mkdtempSync(join(tmpdir(), "troupe-documents-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const troupe = (args: readonly string[]): Promise<CommandOutcome> => run(args, { cwd: folder });

function write(name: string, content: unknown): string {
  writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  return name;
}

const agent = (name: string, config: object): object => ({
  provider: "@troupe/agentchat/AssistantAgent",
  config: { name, model: "openai:gpt-5-mini", ...config },
});
const desk = (...participants: readonly object[]): object => ({
  provider: "@troupe/agentchat/RoundRobinGroupChat",
  config: { name: "desk", maxTurns: 2, participants },
});

describe("troupe run team.json", () => {
  test("runs the team that the document describes, with one model in the place of all", async () => {
    const file = write("team.json", desk(agent("writer", {}), agent("critic", {})));
    const { exitCode, stdout } = await troupe(["run", file, "Good morning", "--model", "offline", "--json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      stopReason: { kind: "max-turns" },
      messages: [{ source: "user" }, { source: "writer", text: "[offline model] Good morning" }, { source: "critic" }],
    });
  });

  test("runs a document of AutoGen's", async () => {
    const file = write("autogen.json", {
      provider: "autogen_agentchat.agents.AssistantAgent",
      component_version: 2,
      config: {
        name: "writer",
        description: "Writes",
        model_client: {
          provider: "autogen_ext.models.replay.ReplayChatCompletionClient",
          config: { chat_completions: ["As AutoGen would."] },
        },
      },
    });
    expect(await troupe(["run", file, "Hi", "--quiet"])).toMatchObject({ exitCode: 0, stdout: "As AutoGen would.\n" });
  });

  test("lets the document name what a module lends, and nothing else", async () => {
    write(
      "lender.mjs",
      `import { jsonSchema, tool } from "troupe";
      export const shout = tool({ name: "shout", description: "Shouts", input: jsonSchema({ type: "object" }), execute: () => "HEY" });`,
    );
    const calls = [[{ kind: "tool-call", callId: "c1", toolName: "shout", arguments: "{}" }]];
    const solo = agent("writer", {
      model: { provider: "@troupe/llm/replayModel", config: { answers: calls } },
      tools: ["shout"],
      maxToolIterations: 1,
    });
    const file = write("lent.json", solo);
    expect(await troupe(["run", file, "Hi", "--quiet", "--with", "lender.mjs"])).toMatchObject({
      exitCode: 0,
      stdout: "HEY\n",
    });
    const { exitCode, stderr } = await troupe(["run", file, "Hi"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('"config.tools[0].name" of the document names the tool "shout"');
    expect(stderr).toContain("code: config.unknown_component");
  });

  test("goes on with a run of a document as it was begun: with the same lender", async () => {
    write(
      "asker.mjs",
      `import { jsonSchema, tool } from "troupe";
      export const shout = tool({ name: "shout", description: "Shouts", input: jsonSchema({ type: "object" }), approval: true, execute: () => "HEY" });`,
    );
    const calls = [[{ kind: "tool-call", callId: "c1", toolName: "shout", arguments: "{}" }]];
    const solo = agent("asking", {
      model: { provider: "@troupe/llm/replayModel", config: { answers: calls } },
      tools: ["shout"],
      maxToolIterations: 1,
    });
    const store = ["--store", `sqlite:${join(folder, "runs.db")}`];
    const file = write("asking.json", solo);
    expect((await troupe(["run", file, "Hi", "--run-id", "r1", "--with", "asker.mjs", ...store])).exitCode).toBe(3);
    // It waits for the same answer: its tool is there again.
    const resumed = await troupe(["resume", "r1", ...store]);
    expect([resumed.exitCode, resumed.stderr]).toEqual([3, expect.not.stringContaining("names the tool")]);
  });

  test.each([
    [
      "a wrong field",
      desk(agent("not a name", {})),
      '"config.participants[0].config.name" of the document',
      "config.invalid_document",
    ],
    ["text that is no JSON", "{", "is not JSON", "config.invalid_document"],
    [
      "a provider that nobody registered",
      { provider: "os.system", config: {} },
      '"os.system"',
      "config.unknown_component",
    ],
    [
      "something that does not run",
      { provider: "@troupe/llm/unboundedContext", config: {} },
      "describes nothing that runs",
      "config.invalid_option",
    ],
  ])("refuses %s with its place", async (...[, document, message, code]) => {
    const { exitCode, stderr } = await troupe(["run", write("wrong.json", document), "Hi"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain(`code: ${code}`);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("takes --model and --with for documents only", async () => {
    write("team.mjs", "export const team = 1;");
    const { exitCode, stderr } = await troupe(["run", "team.mjs", "Hi", "--model", "offline"]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("--model and --with are for documents")]);
  });
});

describe("troupe schema", () => {
  test("prints a schema that documents fit and mistakes do not", async () => {
    const { exitCode, stdout } = await troupe(["schema"]);
    expect(exitCode).toBe(0);
    const schema: unknown = JSON.parse(stdout);
    const checker = jsonSchema(typeof schema === "object" && schema !== null ? { ...schema } : {});
    const issues = (document: unknown): readonly unknown[] => {
      const result = checker["~standard"].validate(JSON.parse(JSON.stringify(document)));
      return result instanceof Promise ? ["a promise"] : (result.issues ?? []);
    };
    const team = new RoundRobinGroupChat({
      participants: [
        new AssistantAgent({
          name: "writer",
          model: model("openai:gpt-5-mini", { apiKey: { $env: "KEY" } }),
          systemMessage: null,
        }),
      ],
      termination: new TextMentionTermination("APPROVE").or(new TextMentionTermination("ENOUGH").not()),
      budget: { usd: 2 },
    });
    expect(issues(dumpComponent(team))).toEqual([]);
    expect(issues(desk(agent("writer", {})))).toEqual([]);
    expect(issues(desk(agent("writer", { systemMessage: 7 })))).not.toEqual([]);
    expect(issues(desk({ provider: "os.system", config: {} }))).not.toEqual([]);
  });
});

test("a team becomes a document and a team again in two calls", () => {
  const team = new RoundRobinGroupChat({
    name: "desk",
    participants: [new AssistantAgent({ name: "writer", model: model("openai:gpt-5-mini") })],
  });
  const registry = createRegistry();
  const document = dumpComponent(team);
  expect(dumpComponent(loadComponent(document, registry))).toEqual(document);
  expect(dumpComponent(team, { registry, dialect: "autogen" }).provider).toBe(
    "autogen_agentchat.teams.RoundRobinGroupChat",
  );
});
