import {
  AssistantAgent,
  GroupChat,
  MaxMessageTermination,
  type Question,
  type Runner,
  RoundRobinGroupChat,
  type SelectionInput,
  type SpeakerSelection,
  UserProxyAgent,
} from "@troupe/agentchat";
import { createSeededRandom } from "@troupe/core/testing";
import { jsonSchema, tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { Machine } from "./support/processes.ts";

/** What happened in the outside world, whichever process did it. */
interface World {
  modelCalls: number;
  looks: number;
  paid: number[];
}

/** An agent whose first answer looks once and asks twice whether it may pay. */
function createPayer(world: World): AssistantAgent {
  const model = new ScriptedModel((request) => {
    world.modelCalls += 1;
    if (request.messages.some((message) => message.role === "tool")) return reply.text("Paid what was allowed.");
    return reply.toolCalls([
      { name: "look", arguments: {} },
      { name: "pay", arguments: { cents: 500 } },
      { name: "pay", arguments: { cents: 700 } },
    ]);
  });
  const look = tool({
    name: "look",
    description: "Looks",
    input: jsonSchema<object>({ type: "object" }),
    execute: () => {
      world.looks += 1;
      return "seen";
    },
  });
  const pay = tool({
    name: "pay",
    description: "Pays",
    input: jsonSchema<{ cents: number }>({
      type: "object",
      properties: { cents: { type: "number" } },
      required: ["cents"],
    }),
    approval: true,
    execute: ({ cents }) => {
      world.paid.push(cents);
      return `paid ${cents}`;
    },
  });
  return new AssistantAgent({ name: "payer", model, tools: [look, pay] });
}

/** Everybody speaks at once, and once. */
class Choir extends GroupChat {
  protected select({ turns, speakers }: SelectionInput): SpeakerSelection {
    if (turns === 0) return { kind: "speak", speakers, memory: null };
    return { kind: "stop", stop: { kind: "finished", detail: "All have spoken" }, memory: null };
  }
}

interface Scenario {
  readonly name: string;
  readonly create: (world: World) => Runner<unknown>;
  readonly answer: (question: Question) => unknown;
  readonly check: (world: World, texts: readonly string[]) => void;
}

const scenarios: readonly Scenario[] = [
  {
    name: "two approvals in one answer",
    create: createPayer,
    answer: ({ prompt }) => ({ approved: prompt.includes("700") }),
    check: (world, texts) => {
      expect(world).toMatchObject({ looks: 1, paid: [700] });
      expect(texts.at(-1)).toBe("Paid what was allowed.");
    },
  },
  {
    name: "an approval and a person in branches of their own, one of them within a nested team",
    create: (world) => {
      const inner = new RoundRobinGroupChat({
        name: "inner",
        participants: [new UserProxyAgent({ name: "ada", prompt: "Well?" })],
        termination: new MaxMessageTermination(2),
      });
      return new Choir({ name: "choir", participants: [createPayer(world), inner] }, "Choir");
    },
    answer: ({ prompt }) => (prompt === "Well?" ? "well enough" : { approved: true }),
    check: (world, texts) => {
      expect(world).toMatchObject({ looks: 1 });
      expect(new Set(world.paid)).toEqual(new Set([500, 700]));
      expect(world.paid).toHaveLength(2);
      expect(texts).toContain("well enough");
    },
  },
];

describe("three processes", () => {
  for (const { name, create, answer, check } of scenarios) {
    for (const seed of [1, 2, 3, 4]) {
      it(`ask, answer and finish: ${name} (seed ${seed})`, async () => {
        const random = createSeededRandom(seed);
        await using machine = new Machine();
        const world: World = { modelCalls: 0, looks: 0, paid: [] };

        const a = machine.start();
        const asking = create(world).run("Pay.", {
          runtime: a.runtime,
          runId: "r",
          durability: seed > 2 ? "turn" : "step",
        });
        const asked = (await asking).questions;
        expect(asked.length).toBeGreaterThanOrEqual(2);
        if (seed % 2 === 0) a.kill();
        else await a.runtime.close();
        expect(world).toEqual({ modelCalls: 1, looks: 1, paid: [] });

        const b = machine.start();
        const answering = create(world).attach("r", { runtime: b.runtime });
        const order = [...asked].sort(() => random.next() - 0.5);
        for (const [index, question] of order.entries()) {
          await answering.respond(question.id, answer(question));
          await expect(answering.respond(question.id, answer(question))).rejects.toMatchObject({
            code: "wait.already_settled",
          });
          if (index + 1 < order.length) {
            const rest = await answering;
            expect(rest.questions.map(({ id }) => id)).toEqual(
              asked.filter(({ id }) => order.slice(index + 1).some((left) => left.id === id)).map(({ id }) => id),
            );
          }
        }
        b.kill();

        const c = machine.start();
        const finishing = create(world).attach("r", { runtime: c.runtime });
        const first = asked[0]?.id ?? "";
        await expect(finishing.respond(first, "again")).rejects.toMatchObject({ code: "wait.already_settled" });
        await expect(finishing.respond("never asked", "")).rejects.toMatchObject({ code: "wait.unknown" });
        const result = await finishing;
        // With "turn", the answer that was not stored with something else is asked for again.
        expect([2, seed > 2 ? 3 : 2]).toContain(world.modelCalls);
        expect(result.stopReason.kind).toBe("finished");
        expect(finishing.pending()).toEqual([]);
        check(
          world,
          result.messages.map((message) => message.text),
        );
      });
    }
  }
});
