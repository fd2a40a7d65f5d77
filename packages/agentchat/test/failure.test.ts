import {
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  GroupChat,
  MaxMessageTermination,
  RoundRobinGroupChat,
  RunError,
  type Runner,
  type SpeakerSelection,
  TerminationCondition,
  type Verdict,
} from "@troupe/agentchat";
import { InProcessRuntime, type LogRecord, ModelError, TeamError, TroupeError } from "@troupe/core";
import { tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { watchRejections } from "./support/watch-rejections.ts";
import { z } from "zod";

watchRejections();

const boom = (): Error => new RangeError("boom");

class Thrower extends BaseChatAgent<{ turns: number }> {
  constructor() {
    super({ name: "thrower", state: () => ({ turns: 0 }) });
  }

  async *onMessages(messages: readonly ChatMessage[], context: ChatAgentContext<{ turns: number }>) {
    context.state.turns += 1;
    yield this.thought("now");
    if (messages.some((message) => message.text.includes("explode"))) throw boom();
    return this.reply(`turn ${context.state.turns}`);
  }
}

class Broken extends TerminationCondition {
  readonly name = "Broken";

  check(): Verdict {
    throw boom();
  }
}

class BadChooser extends GroupChat {
  constructor(private_: { readonly fails: "throws" | "unknown" }) {
    super({ participants: [new AssistantAgent({ name: "a", model: new ScriptedModel(() => "a") })] }, "BadChooser");
    this.#fails = private_.fails;
  }

  readonly #fails: string;

  protected select(): SpeakerSelection {
    if (this.#fails === "throws") throw boom();
    return { kind: "speak", speakers: ["nobody"], memory: null };
  }
}

const chatter = (name: string): AssistantAgent =>
  new AssistantAgent({ name, model: new ScriptedModel(() => `${name} speaks`) });
const team = (...participants: Runner<unknown>[]): RoundRobinGroupChat =>
  new RoundRobinGroupChat({ name: "team", participants, termination: new MaxMessageTermination(4) });

interface Case {
  readonly what: string;
  readonly runner: Runner<unknown>;
  readonly task: string;
  readonly agentPath: readonly string[];
  readonly causeMessage: string;
}

const cases: readonly Case[] = [
  {
    what: "a custom agent",
    runner: team(chatter("a"), new Thrower()),
    task: "explode",
    agentPath: ["thrower"],
    causeMessage: "boom",
  },
  { what: "an agent on its own", runner: new Thrower(), task: "explode", agentPath: ["thrower"], causeMessage: "boom" },
  {
    what: "a model",
    runner: team(
      new AssistantAgent({
        name: "ill",
        model: new ScriptedModel(() => reply.failure(new ModelError("model.overloaded", "boom", { remedy: "wait" }))),
      }),
    ),
    task: "go",
    agentPath: ["ill"],
    causeMessage: "boom",
  },
  {
    what: "an agent in a nested team",
    runner: team(chatter("a"), new RoundRobinGroupChat({ name: "inner", participants: [new Thrower()] })),
    task: "explode",
    agentPath: ["inner", "thrower"],
    causeMessage: "boom",
  },
  {
    what: "a condition",
    runner: new RoundRobinGroupChat({ participants: [chatter("a")], termination: new Broken() }),
    task: "go",
    agentPath: [],
    causeMessage: "boom",
  },
  { what: "a strategy", runner: new BadChooser({ fails: "throws" }), task: "go", agentPath: [], causeMessage: "boom" },
  {
    what: "a strategy that names a stranger",
    runner: new BadChooser({ fails: "unknown" }),
    task: "go",
    agentPath: [],
    causeMessage: '"nobody"',
  },
];

describe("a throw", () => {
  for (const { what, runner, task, agentPath, causeMessage } of cases) {
    it(`M4: in ${what} rejects the run with the agent's path, the cause and what there was; the object works again`, async () => {
      const error = await runner.run(task).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(TeamError);
      expect(error).toBeInstanceOf(RunError);
      if (!(error instanceof RunError)) return;
      expect(error.agentPath).toEqual(agentPath);
      expect(String(error.cause)).toContain(causeMessage);
      expect(error.remedy).not.toBe("");
      expect(error.partial.messages[0]).toMatchObject({ source: "user", text: task });
      await expect(runner.run("explode")).rejects.toBeInstanceOf(RunError);
    });
  }

  it("keeps the code of a model's error and the type of the cause", async () => {
    const failure = new ModelError("model.overloaded", "too many", { remedy: "wait" });
    await using agent = new AssistantAgent({
      name: "ill",
      model: new ScriptedModel([reply.failure(failure, { text: "half an ans" })]),
    });
    const error: unknown = await agent.run("go").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "run.failed", cause: { code: "model.overloaded", remedy: "wait" } });
  });

  it("shows the very error that was thrown, with its stack, and prints without the whole conversation", async () => {
    const thrown = boom();
    class Faulty extends BaseChatAgent {
      // oxlint-disable-next-line require-yield
      async *onMessages(): AsyncGenerator<never, never> {
        throw thrown;
      }
    }
    const faulty: unknown = await team(new Faulty({ name: "f" }))
      .run("a secret task")
      .catch((error: unknown) => error);
    expect(faulty instanceof RunError && faulty.cause).toBe(thrown);
    expect(inspect(faulty)).not.toContain("a secret task");
    const ill = new AssistantAgent({ name: "ill", model: new ScriptedModel([reply.failure(thrown)]) });
    const modelFault: unknown = await ill.run("go").catch((error: unknown) => error);
    expect(modelFault instanceof RunError && modelFault.cause).toBe(thrown);
  });

  it("in a tool stays inside the call: siblings go on, the model reads it", async () => {
    const model = new ScriptedModel([
      reply.toolCalls([{ name: "good" }, { name: "bad" }, { name: "good", argumentsText: "{" }, { name: "missing" }]),
      "I saw.",
    ]);
    const good = tool({ name: "good", description: "", input: z.object({}), execute: () => "fine" });
    const bad = tool({
      name: "bad",
      description: "",
      input: z.object({}),
      execute: () => {
        throw boom();
      },
    });
    await using agent = new AssistantAgent({ name: "user_of_tools", model, tools: [good, bad] });
    expect((await agent.run("go")).text).toBe("I saw.");
    const last = model.requests[1]?.messages.at(-1);
    expect(last?.role === "tool" && last.content.map((part) => part.status)).toEqual(["ok", "error", "error", "error"]);
  });

  it("in a stream's consumer ends the run as cancelled and reaches the consumer", async () => {
    await using talk = team(chatter("a"));
    const run = talk.run("go");
    const consume = async (): Promise<void> => {
      for await (const event of run) if (event.kind === "message") throw boom();
    };
    await expect(consume()).rejects.toThrow("boom");
    expect((await run).stopReason.kind).toBe("cancelled");
    expect((await talk.run("go")).stopReason.kind).toBe("condition");
  });

  it("H1: reaches whoever only iterates", async () => {
    await using agent = new Thrower();
    const kinds: string[] = [];
    const consume = async (): Promise<void> => {
      for await (const event of agent.run("explode")) kinds.push(event.kind);
    };
    await expect(consume()).rejects.toMatchObject({ agentPath: ["thrower"] });
    expect(kinds.at(-1)).toBe("run-failed");
  });

  it("M3: of a model does not make the agent hear its task twice", async () => {
    const model = new ScriptedModel([reply.failure(boom()), "well"]);
    await using agent = new AssistantAgent({ name: "a", model });
    const chat = agent.session("s");
    await expect(chat.run("the task")).rejects.toBeInstanceOf(RunError);
    await chat.run("and now?");
    expect(JSON.stringify(model.requests[1]?.messages).split("the task")).toHaveLength(2);
  });

  it("M3: undoes the turn of a custom agent: its state is as before", async () => {
    await using agent = new Thrower();
    const chat = agent.session("s");
    expect((await chat.run("go")).text).toBe("turn 1");
    await expect(chat.run("explode")).rejects.toBeInstanceOf(RunError);
    expect((await chat.snapshot()).agents["thrower"]?.state).toMatchObject({ agent: { turns: 1 } });
  });

  it("H2: of a run that nobody awaits is reported once to the runtime's error port", async () => {
    const records: LogRecord[] = [];
    const error = (record: LogRecord): void => void records.push(record);
    const quiet = (): void => {};
    await using runtime = new InProcessRuntime({ logger: { debug: quiet, info: quiet, warn: quiet, error } });
    const agent = new Thrower();
    const ignored = [agent.run("explode", { runtime }).id, agent.run("explode", { runtime }).handle.id];
    expect(new Set(ignored).size).toBe(2);
    await runtime.idle();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(records.filter((record) => TroupeError.isTroupeError(record.error))).toHaveLength(2);
    records.length = 0;
    await expect(agent.run("explode", { runtime })).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(records).toEqual([]);
  });
});

describe("onError", () => {
  const flaky = (fails: number): AssistantAgent =>
    new AssistantAgent({
      name: "flaky",
      model: new ScriptedModel((_request, { index }) => (index < fails ? reply.failure(boom()) : "recovered")),
    });

  it("retry asks the speaker once more", async () => {
    await using again = new RoundRobinGroupChat({
      participants: [flaky(1)],
      onError: "retry",
      termination: new MaxMessageTermination(2),
    });
    expect((await again.run("go")).text).toBe("recovered");
    await using still = new RoundRobinGroupChat({
      participants: [flaky(2)],
      onError: "retry",
      termination: new MaxMessageTermination(2),
    });
    await expect(still.run("go")).rejects.toMatchObject({ agentPath: ["flaky"] });
  });

  it("skip goes on with the next speaker, feed-back tells everybody", async () => {
    await using skipping = new RoundRobinGroupChat({
      participants: [flaky(1), chatter("b")],
      onError: "skip",
      termination: new MaxMessageTermination(2),
    });
    expect((await skipping.run("go")).messages.map((message) => message.source)).toEqual(["user", "b"]);
    await using telling = new RoundRobinGroupChat({
      participants: [flaky(1), chatter("b")],
      onError: "feed-back",
      termination: new MaxMessageTermination(3),
    });
    const { messages } = await telling.run("go");
    expect(messages.map((message) => message.text)).toEqual(["go", expect.stringContaining("boom"), "b speaks"]);
  });
});
