import { RoundRobinGroupChat } from "@troupe/agentchat";
import { TeamError, TroupeError } from "@troupe/core";
import { ScriptedModel } from "@troupe/llm/testing";
import fc from "fast-check";
import { AssistantAgent, ConfigError } from "troupe";
import { describe, expect, it } from "vitest";
import { goldenDocument, goldenDocuments, isRecord } from "./golden-documents.ts";
import { registry } from "./lenient-registry.ts";

/** What a careless or hostile hand puts in the place of a value. */
const foreign = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    1e308,
    "",
    "planted-canary",
    [],
    {},
    ["x"],
    { $env: "HOME" },
    { $named: "toString" },
  ),
  fc.constantFrom<unknown>("os.system", "autogen_core.tools.FunctionTool", "@troupe/agentchat/Swarm", {
    provider: "builtins.exec",
    config: {},
  }),
);

/** Every place in a JSON value, as the keys that lead there. */
function placesIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => placesIn(item, [...path, key]))];
}

/** A copy with another value, or none, at a place. */
function change(value: unknown, [step, ...rest]: readonly string[], to: { readonly value: unknown } | "gone"): unknown {
  if (step === undefined) return to === "gone" ? {} : to.value;
  if (Array.isArray(value)) {
    const index = Number(step);
    const items = value.map((item: unknown, at) => (at === index ? change(item, rest, to) : item));
    return to === "gone" && rest.length === 0 ? items.toSpliced(index, 1) : items;
  }
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([key]) => to !== "gone" || key !== step || rest.length > 0);
  return Object.fromEntries(entries.map(([key, item]) => [key, key === step ? change(item, rest, to) : item]));
}

const mutated = (documents: readonly Readonly<Record<string, unknown>>[]): fc.Arbitrary<unknown> =>
  fc
    .constantFrom(...documents.map((document) => ({ document, places: placesIn(document).slice(1) })))
    .chain(({ document, places }) =>
      fc
        .array(
          fc.tuple(
            fc.constantFrom(...places),
            fc.oneof(
              foreign.map((value) => ({ value })),
              fc.constant("gone" as const),
            ),
          ),
          {
            minLength: 1,
            maxLength: 3,
          },
        )
        .map((changes) => changes.reduce<unknown>((kept, [place, to]) => change(kept, place, to), document)),
    );

describe("a document of AutoGen's that was changed", () => {
  it("loads and comes back the same, or ends in a typed error that names the place", () => {
    const seen = { loaded: 0, refused: 0 };
    const documents = goldenDocuments("component").map(({ document }) => document);
    fc.assert(
      fc.property(mutated(documents), (document) => {
        try {
          const written = registry.dump(registry.load(document));
          expect(registry.dump(registry.load(JSON.stringify(written)))).toEqual(written);
          seen.loaded += 1;
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          expect(typeof error.details?.["path"]).toBe("string");
          expect(["config.invalid_document", "config.unknown_component", "config.not_dumpable"]).toContain(error.code);
          seen.refused += 1;
        }
      }),
      { numRuns: 3_000, seed: 7 },
    );
    // Both ends are reached, often.
    expect(Math.min(seen.loaded, seen.refused)).toBeGreaterThan(300);
  });
});

describe("a state of AutoGen's that was changed", () => {
  it("goes on with a history that every provider takes, or is refused with its place", async () => {
    const seen = { restored: 0, refused: 0 };
    const model = new ScriptedModel(() => "Well.");
    const agent = (name: string): AssistantAgent => new AssistantAgent({ name, model });
    const team = new RoundRobinGroupChat({
      name: "desk",
      participants: [agent("writer"), agent("critic")],
      maxTurns: 1,
    });
    const documents = ["tools", "round-robin-1", "round-robin-2"].map((name) => goldenDocument("state", name));
    let count = 0;
    await fc.assert(
      fc.asyncProperty(mutated(documents), async (document) => {
        const session = team.session(`s${(count += 1)}`);
        try {
          await session.restore(isRecord(document) ? document : {});
        } catch (error) {
          if (!TroupeError.isTroupeError(error)) throw error;
          expect(error).toBeInstanceOf(TeamError);
          expect(error.code).toBe("run.invalid_snapshot");
          seen.refused += 1;
          return;
        }
        const result = await session.run("On.");
        expect(result.messages.at(-1)?.text).toBe("Well.");
        const messages = model.requests.at(-1)?.messages ?? [];
        const calls = messages
          .flatMap((message) => (message.role === "assistant" ? message.content : []))
          .filter((part) => part.kind === "tool-call");
        const results = messages.flatMap((message) => (message.role === "tool" ? message.content : []));
        expect(results.map((part) => part.callId)).toEqual(calls.map((part) => part.callId));
        seen.restored += 1;
      }),
      { numRuns: 400, seed: 7 },
    );
    await team.close();
    expect(Math.min(seen.restored, seen.refused)).toBeGreaterThan(40);
  });
});
