import { ListMemory, type ModelMessage, staticWorkbench } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, test } from "vitest";
import {
  AssistantAgent,
  CodeExecutorAgent,
  MessageFilterAgent,
  RoundRobinGroupChat,
  type Runner,
  SocietyOfMindAgent,
} from "../src/index.ts";
import { FakeExecutor } from "./support/fake-executor.ts";
import { simpleTool } from "./support/simple-tool.ts";

interface Subject {
  readonly runner: Runner<unknown>;
  /** What its models were shown. */
  readonly seen: (readonly ModelMessage[])[];
}

/** A model that uses a tool, then hands over or answers: by what it has heard, so that it can be asked anew. */
function worker(seen: Subject["seen"], last: "transfer_to_boss" | undefined): ScriptedModel {
  return new ScriptedModel(({ messages }) => {
    seen.push(messages);
    if (messages.at(-1)?.role !== "tool") return reply.toolCalls([{ name: "look" }, { name: "weigh" }]);
    return last === undefined ? "words" : reply.toolCall(last);
  });
}

function equipped(seen: Subject["seen"]): AssistantAgent {
  return new AssistantAgent({
    name: "clerk",
    model: worker(seen, "transfer_to_boss"),
    tools: [simpleTool("look", () => "seen")],
    workbench: staticWorkbench([simpleTool("weigh", () => "heavy")]),
    memory: new ListMemory({ items: ["likes tea"] }),
    handoffs: ["boss"],
  });
}

const subjects: Readonly<Record<string, () => Subject>> = {
  "an assistant with everything": () => {
    const seen: Subject["seen"] = [];
    return { runner: equipped(seen), seen };
  },
  "a filtered assistant": () => {
    const seen: Subject["seen"] = [];
    return { runner: new MessageFilterAgent({ agent: equipped(seen), filter: [{ source: "user" }] }), seen };
  },
  "an agent that writes programs": () => {
    const seen: Subject["seen"] = [];
    const model = new ScriptedModel(({ messages, responseFormat }) => {
      seen.push(messages);
      if (responseFormat !== undefined) return '{"reason":"again","retry":true}';
      return messages.at(-1)?.role === "user" && JSON.stringify(messages.at(-1)).includes("printed")
        ? "Done."
        : "```js\nrun\n```";
    });
    const executor = new FakeExecutor({ exitCode: 1, output: "boom" }, {}, {}, {}, {});
    return { runner: new CodeExecutorAgent({ name: "coder", model, executor, maxRetriesOnError: 1 }), seen };
  },
  "a society of mind": () => {
    const seen: Subject["seen"] = [];
    const tools = [simpleTool("look", () => "seen"), simpleTool("weigh", () => "heavy")];
    const participants = ["a", "b"].map((name) => new AssistantAgent({ name, model: worker(seen, undefined), tools }));
    const team = new RoundRobinGroupChat({ name: "crew", participants, maxTurns: 2 });
    const model = new ScriptedModel(({ messages }) => {
      seen.push(messages);
      return "The answer.";
    });
    return { runner: new SocietyOfMindAgent({ name: "mind", team, model }), seen };
  },
};

/** Ids of calls and of results: I1 wants them equal, in this order. */
function idsOf(messages: readonly ModelMessage[]): { readonly called: string[]; readonly answered: string[] } {
  const called = messages.flatMap((message) =>
    message.role === "assistant"
      ? message.content.flatMap((part) => (part.kind === "tool-call" ? [part.callId] : []))
      : [],
  );
  const answered = messages.flatMap((message) =>
    message.role === "tool" ? message.content.map((result) => result.callId) : [],
  );
  return { called, answered };
}

/** Cancels a run at its n-th event, live ones included. False when it had ended before. */
async function cancelAt(runner: Runner<unknown>, place: number): Promise<boolean> {
  const run = runner.session("s").run("Go");
  let events = 0;
  for await (const _event of run.events()) {
    events += 1;
    if (events === place) await run.cancel();
  }
  const { stopReason } = await run;
  return stopReason.kind === "cancelled" || events >= place;
}

describe("I1: an agent that is cancelled at any event", () => {
  test.each(Object.entries(subjects))("%s goes on in its session, with every call answered", async (_what, make) => {
    let place = 1;
    let calls = 0;
    for (; ; place += 1) {
      const { runner, seen } = make();
      await using _ = runner;
      const isReached = await cancelAt(runner, place);
      const after = await runner.session("s").run("And now?");
      expect(after.stopReason.kind, `cancelled at event ${place}`).toBe("finished");
      for (const messages of seen) {
        const { called, answered } = idsOf(messages);
        expect(answered, `cancelled at event ${place}`).toEqual(called);
        calls += called.length;
      }
      if (!isReached) break;
    }
    expect(place).toBeGreaterThan(8);
    if (!_what.includes("programs")) expect(calls).toBeGreaterThan(20);
  });
});
