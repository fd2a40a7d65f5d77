import { Runner } from "@troupe/agentchat";
import { ConfigError } from "troupe";
import { describe, expect, it } from "vitest";
import { goldenDocument, goldenDocuments, isRecord, withoutProse } from "./golden-documents.ts";
import { registry } from "./lenient-registry.ts";

/** What we leave out on purpose when we write a document for AutoGen again: stars for a key, and what says nothing there. */
const dropped: Readonly<Record<string, readonly string[]>> = {
  openai: ["config.api_key"],
  "openai-compatible": ["config.api_key"],
  "openai-team": ["config.participants.0.config.model_client.config.api_key"],
  "code-executor": ["config.system_message", "config.model_context"],
  "code-executor-with-model": ["config.model_context"],
};

function without(value: unknown, path: string): unknown {
  const [step = "", ...rest] = path.split(".");
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (String(index) === step ? without(item, rest.join(".")) : item));
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).flatMap(([key, item]): [string, unknown][] => {
    if (key !== step) return [[key, item]];
    return rest.length === 0 ? [] : [[key, without(item, rest.join("."))]];
  });
  return Object.fromEntries(entries);
}

const components = goldenDocuments("component").map(({ name, document }) => [name, document] as const);

function runnerOf(name: string): Runner<unknown> {
  const made = registry.load(goldenDocument("component", name));
  if (made instanceof Runner) return made;
  throw new Error(`"${name}" does not run`);
}

describe("a document that AutoGen wrote", () => {
  it.each(components)("loads, and is the same in our words after a round trip: %s", (_, document) => {
    const written = registry.dump(registry.load(document));
    expect(registry.dump(registry.load(JSON.stringify(written)))).toEqual(written);
    expect(written.provider).toMatch(/^@troupe\//);
  });

  it.each(components.filter(([name]) => name !== "token-limited"))(
    "comes back in AutoGen's words: %s",
    (name, document) => {
      const again = withoutProse(registry.dump(registry.load(document), { dialect: "autogen" }));
      const expected = (dropped[name] ?? []).reduce<unknown>(
        (kept, path) => without(kept, path),
        withoutProse(document),
      );
      expect(again).toEqual(expected);
    },
  );

  it("holds no key, and neither does what we make of it", () => {
    for (const [, document] of components) {
      const texts = [document, registry.dump(registry.load(document))].map((one) => JSON.stringify(one));
      expect(texts.join()).not.toContain("planted-canary");
    }
  });

  it("is refused for AutoGen where AutoGen cannot say it: a context that counts tokens", () => {
    const made = registry.load(goldenDocument("component", "token-limited"));
    expect(() => registry.dump(made, { dialect: "autogen" })).toThrow(ConfigError);
  });
});

describe("a team that AutoGen wrote", () => {
  it("runs: a round robin with a text condition", async () => {
    const result = await runnerOf("round-robin").run("A line about tea.");
    expect(result.messages.map(({ source, text }) => [source, text])).toEqual([
      ["user", "A line about tea."],
      ["writer", "A draft."],
      ["critic", "Shorter."],
      ["writer", "A shorter draft."],
      ["critic", "APPROVE"],
    ]);
    expect(result.stopReason.kind).toBe("condition");
  });

  it.each([
    ["nested", ["writer: E.", "critic: F.", "editor: I."], "max-turns"],
    ["selector", ["writer: J.", "critic: K."], "max-turns"],
    ["society-of-mind", ["society: AB."], "finished"],
    ["message-filter", ["filtered: C."], "finished"],
    [
      "code-executor",
      ["runner: There was no program to run. Put it in a fenced block that names its language."],
      "finished",
    ],
  ] as const)("runs: %s", async (...[name, said, kind]) => {
    const result = await runnerOf(name).run("Go.");
    const words = result.messages
      .filter(({ source }) => source !== "user")
      .map(({ source, text }) => `${source}: ${text}`);
    expect([words, result.stopReason.kind]).toEqual([said, kind]);
  });
});
