import { readFileSync } from "node:fs";
import { AssistantAgent, dumpComponent, jsonSchema, loadComponent, model, RoundRobinGroupChat } from "troupe";
import { expect } from "vitest";
import { verifies } from "../components.ts";
import { isLong, registry, replay, writer, critic, failure, graph } from "./fixtures.ts";

verifies("component-1", "hostile documents run nothing and name the place", () => {
  const polluted = '{"provider":"@troupe/agentchat/AssistantAgent","config":{"name":"a","__proto__":{"polluted":1}}}';
  const deep = `${'{"config":'.repeat(10_000)}1${"}".repeat(10_000)}`;
  for (const document of [polluted, deep, "[", "x".repeat(30_000_000)]) {
    const error = failure(() => loadComponent(document, registry));
    expect([error.code, typeof error.details?.["path"]]).toEqual(["config.invalid_document", "string"]);
  }
  expect(Reflect.get({}, "polluted")).toBeUndefined();
});

verifies("component-2", "no document holds a key, wherever it was put", () => {
  const secret = "canary-secret";
  const holders = [
    model("openai:gpt-4o", { apiKey: secret }),
    model("openai:gpt-4o", { headers: { authorization: secret } }),
    model("openai:gpt-4o", { baseUrl: `https://user:${secret}@host/v1` }),
    model("openai:gpt-4o", { settings: { accessToken: secret } }),
    new AssistantAgent({ name: "a", model: replay(), settings: { providerOptions: { openai: { apiKey: secret } } } }),
  ];
  for (const holder of holders) {
    const error = failure(() => dumpComponent(holder));
    expect(`${error.code} ${error.message} ${error.remedy} ${JSON.stringify(error.details)}`).toMatch(
      /^config\.not_dumpable ((?!canary).)*$/s,
    );
  }
});

/** A document that the real AutoGen wrote: `e2e/autogen`. */
function fromAutoGen(kind: string, name: string): Readonly<Record<string, unknown>> {
  const lines = readFileSync(new URL("../../autogen/documents.jsonl", import.meta.url), "utf8")
    .trim()
    .split("\n");
  for (const line of lines) {
    const read = JSON.parse(line) as { kind: string; name: string; document: Readonly<Record<string, unknown>> };
    if (read.kind === kind && read.name === name) return read.document;
  }
  throw new Error(`AutoGen wrote no ${kind} "${name}"`);
}

verifies("component-3", "a team that AutoGen wrote loads, runs, and comes back in its words", async () => {
  const document = fromAutoGen("component", "round-robin");
  const team = loadComponent(document, registry);
  if (!(team instanceof RoundRobinGroupChat)) throw new Error("no team came out");
  expect(dumpComponent(team, { registry, dialect: "autogen" }).config).toMatchObject({
    name: "desk",
    emit_team_events: false,
  });
  const result = await team.run("A line about tea.");
  expect(result.messages.map(({ text }) => text)).toEqual([
    "A line about tea.",
    "A draft.",
    "Shorter.",
    "A shorter draft.",
    "APPROVE",
  ]);
});

verifies("component-4", "a conversation that AutoGen saved goes on with the critic", async () => {
  const team = new RoundRobinGroupChat({ name: "desk", participants: [writer(), critic()], maxTurns: 1 });
  const session = team.session("s");
  await session.restore(fromAutoGen("state", "round-robin-1"));
  const result = await session.run("On.");
  expect(result.messages.map(({ source }) => source)).toEqual(["user", "critic"]);
  await team.close();
});

verifies("component-5", "the schema and the loader agree", () => {
  const schema = jsonSchema({ ...registry.schema() })["~standard"];
  const fits = (document: unknown): boolean => {
    const result = schema.validate(JSON.parse(JSON.stringify(document)));
    return !(result instanceof Promise) && result.issues === undefined;
  };
  const document = dumpComponent(graph(isLong), { registry });
  expect(fits(document)).toBe(true);
  const wrong = { ...document, config: { ...document.config, maxTurns: "many" } };
  expect([fits(wrong), failure(() => loadComponent(wrong, registry)).details]).toEqual([
    false,
    { path: "config.maxTurns" },
  ]);
  for (const name of ["swarm", "selector", "graph", "assistant-with-everything"])
    expect(fits(fromAutoGen("component", name))).toBe(true);
});
