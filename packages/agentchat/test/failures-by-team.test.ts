import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, test } from "vitest";
import { watchRejections } from "./support/watch-rejections.ts";
import {
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  DiGraphBuilder,
  GraphFlow,
  MagenticOneGroupChat,
  type MessageDraft,
  RoundRobinGroupChat,
  RunError,
  type Runner,
  SelectorGroupChat,
  Swarm,
  TerminationCondition,
  type Verdict,
} from "../src/index.ts";

watchRejections();

/** What goes wrong, and whether it does at present: the same team works again when it does not. */
interface Trouble {
  isOn: boolean;
}

const boom = (): never => {
  throw new RangeError("boom");
};

/** An agent that throws, or answers with what nobody can store. */
class Faulty extends BaseChatAgent {
  readonly #trouble: Trouble;
  readonly #how: "throws" | "cannot-be-stored" | "never";

  constructor(name: string, trouble: Trouble, how: "throws" | "cannot-be-stored" | "never") {
    super({ name });
    this.#trouble = trouble;
    this.#how = how;
  }

  async *onMessages(_messages: readonly ChatMessage[], context: ChatAgentContext) {
    yield this.thought("now");
    await context.step("work", () => 1);
    if (!this.#trouble.isOn || this.#how === "never") return this.reply(`${this.name} speaks`);
    if (this.#how === "throws") boom();
    const circular: { self?: unknown } = {};
    circular.self = circular;
    return this.reply({ kind: "structured", text: "?", data: circular } as unknown as MessageDraft);
  }
}

class Broken extends TerminationCondition {
  readonly name = "Broken";
  readonly #trouble: Trouble;

  constructor(trouble: Trouble) {
    super();
    this.#trouble = trouble;
  }

  check(): Verdict {
    return this.#trouble.isOn ? boom() : { state: null, reason: null };
  }
}

interface Parts {
  readonly members: readonly [Runner<unknown>, Runner<unknown>];
  readonly termination?: TerminationCondition;
  /** Throws when there is trouble, for whatever function of the user the kind of team calls. */
  readonly choose?: () => void;
}

const entry = (answer: unknown) => ({ reason: "so", answer });
const ledger = (next: string): string =>
  JSON.stringify({
    is_request_satisfied: entry(false),
    is_in_loop: entry(false),
    is_progress_being_made: entry(true),
    next_speaker: entry(next),
    instruction_or_question: entry("Go on"),
  });

interface Kind {
  readonly name: string;
  readonly create: (parts: Parts) => Runner<unknown>;
  readonly path: (name: string) => readonly string[];
  /** The team calls functions of the user to choose. */
  readonly hasFunctions?: true;
}

const direct = (name: string): readonly string[] => [name];

function createGraph({ members: [first, second], termination, choose }: Parts, name = "graph"): GraphFlow {
  const test = (): boolean => {
    choose?.();
    return true;
  };
  const builder = new DiGraphBuilder()
    .addNode(first)
    .addNode(second)
    .addEdge(first, second, choose === undefined ? {} : { condition: { name: "chosen", test } });
  return new GraphFlow({ name, participants: builder.getParticipants(), graph: builder.build(), termination });
}

const kinds: readonly Kind[] = [
  {
    name: "RoundRobinGroupChat",
    create: ({ members, termination }) =>
      new RoundRobinGroupChat({ name: "team", participants: members, termination, maxTurns: 2 }),
    path: direct,
  },
  {
    name: "SelectorGroupChat",
    create: ({ members, termination, choose }) =>
      new SelectorGroupChat({
        name: "team",
        participants: members,
        termination,
        model: new ScriptedModel(() => "one"),
        selectorFunction: (thread) => {
          choose?.();
          return thread.at(-1)?.source === "user" ? "one" : "two";
        },
        maxTurns: 2,
      }),
    path: direct,
    hasFunctions: true,
  },
  {
    name: "Swarm",
    create: ({ members, termination }) =>
      new Swarm({ name: "team", participants: members, termination, whenNoHandoff: "continue", maxTurns: 2 }),
    path: direct,
  },
  {
    name: "MagenticOneGroupChat",
    create: ({ members, termination }) => {
      const model = new ScriptedModel(({ messages }) =>
        JSON.stringify(messages.at(-1)).includes("Judge the work") ? ledger("one") : "words",
      );
      return new MagenticOneGroupChat({ name: "team", participants: members, termination, model, maxTurns: 2 });
    },
    path: direct,
  },
  { name: "GraphFlow", create: (parts) => createGraph(parts, "team"), path: direct, hasFunctions: true },
  {
    name: "a graph in a swarm in a round robin",
    create: (parts) => {
      const swarm = new Swarm({ name: "swarm", participants: [createGraph(parts)] });
      return new RoundRobinGroupChat({ name: "team", participants: [swarm], maxTurns: 1 });
    },
    path: (name) => ["swarm", "graph", name],
    hasFunctions: true,
  },
];

async function failureOf(run: PromiseLike<unknown>): Promise<RunError> {
  try {
    await run;
  } catch (error) {
    if (error instanceof RunError) return error;
    throw error;
  }
  throw new Error("the run should have failed");
}

describe.each(kinds)("in $name, a throw of", ({ create, path, hasFunctions }) => {
  const well = (trouble: Trouble): Runner<unknown> => new Faulty("two", trouble, "never");

  test.each(["throws", "cannot-be-stored"] as const)(
    "an agent (%s) rejects with its path, the cause and what there was",
    async (how) => {
      const trouble: Trouble = { isOn: true };
      await using team = create({ members: [new Faulty("one", trouble, how), well(trouble)] });
      const session = team.session("s");
      const error = await failureOf(session.run("Go"));
      expect(error.agentPath).toEqual(path("one"));
      expect(error.cause).toBeInstanceOf(Error);
      if (how === "throws") expect(error.cause).toMatchObject({ message: "boom" });
      expect(error.partial.messages[0]).toMatchObject({ text: "Go" });
      trouble.isOn = false;
      const { messages } = await session.run("Again");
      expect(messages.some((message) => message.source === "one")).toBe(true);
    },
  );

  test("a model of an agent", async () => {
    const trouble: Trouble = { isOn: true };
    const model = new ScriptedModel(() => (trouble.isOn ? reply.failure(new RangeError("boom")) : "fine"));
    await using team = create({ members: [new AssistantAgent({ name: "one", model }), well(trouble)] });
    const error = await failureOf(team.run("Go"));
    expect(error.agentPath).toEqual(path("one"));
    expect(String(error.cause)).toContain("boom");
    trouble.isOn = false;
    expect((await team.run("Again")).messages.length).toBeGreaterThan(1);
  });

  test("a termination condition", async () => {
    const trouble: Trouble = { isOn: true };
    const members = [new Faulty("one", trouble, "never"), well(trouble)] as const;
    await using team = create({ members, termination: new Broken(trouble) });
    const error = await failureOf(team.run("Go"));
    expect(error.cause).toMatchObject({ message: "boom" });
    trouble.isOn = false;
    expect((await team.run("Again")).messages.length).toBeGreaterThan(1);
  });

  test.runIf(hasFunctions)("a function that chooses", async () => {
    const trouble: Trouble = { isOn: true };
    const members = [new Faulty("one", trouble, "never"), well(trouble)] as const;
    await using team = create({ members, choose: () => trouble.isOn && boom() });
    const error = await failureOf(team.run("Go"));
    expect(error.cause).toMatchObject({ message: "boom" });
    trouble.isOn = false;
    expect((await team.run("Again")).messages.length).toBeGreaterThan(1);
  });

  test("whoever reads its events", async () => {
    const trouble: Trouble = { isOn: false };
    await using team = create({ members: [new Faulty("one", trouble, "never"), well(trouble)] });
    const run = team.run("Go");
    const read = async (): Promise<void> => {
      for await (const event of run) if (event.kind === "message") boom();
    };
    await expect(read()).rejects.toThrow("boom");
    expect((await run).stopReason.kind).toBe("cancelled");
    expect((await team.run("Again")).messages.length).toBeGreaterThan(1);
  });
});
