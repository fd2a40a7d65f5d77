import { type ContractCase, expectEqual, expectThat, settle } from "@troupe/core/testing";
import { reply } from "@troupe/llm/testing";
import { MaxMessageTermination } from "../condition/max-message-termination.ts";
import { TextMentionTermination } from "../condition/text-mention-termination.ts";
import { RunError } from "../message/run-error.ts";
import { RoundRobinGroupChat } from "../team/round-robin-group-chat.ts";
import type { ChatContractEnvironment } from "./chat-contract.ts";
import { Counter, plainTool, scripted } from "./subjects.ts";

/** What a run comes to. */
export const runCases: readonly ContractCase<ChatContractEnvironment>[] = [
  {
    invariant: "I8",
    name: "an agent answers with the help of a tool",
    run: async ({ runtime }) => {
      const script = [reply.toolCall("clock"), "It is noon."];
      const agent = scripted("clerk", script, [plainTool("clock", () => "12:00")]);
      const result = await agent.run("What time is it?", { runtime });
      expectEqual(result.text, "It is noon.", "text");
      expectEqual(result.stopReason.kind, "finished", "stop reason");
      expectEqual(result.usage.total.calls, 2, "model calls");
    },
  },
  {
    invariant: "I8",
    name: "a team takes turns until a condition says stop, each hearing what is new",
    run: async ({ runtime }) => {
      const termination = new TextMentionTermination("b2").or(new MaxMessageTermination(20));
      const team = new RoundRobinGroupChat({ participants: [new Counter("a"), new Counter("b")], termination });
      const { messages, stopReason } = await team.run("go", { runtime });
      expectEqual(stopReason.kind, "condition", "stop reason");
      const texts = messages.map((message) => message.text);
      expectEqual(texts.slice(0, 4), ["go", "a1: go", "b1: go|a1: go", "a2: b1: go|a1: go"], "texts");
      expectEqual(texts.length, 5, "messages");
    },
  },
  {
    invariant: "I8",
    name: "a hundred runs at once on one object do not mix",
    run: async ({ runtime }) => {
      const agent = new Counter("a");
      const runs = Array.from({ length: 100 }, (_, index) => agent.run(`task ${index}`, { runtime }));
      const results = await Promise.all(runs);
      results.forEach((result, index) => expectEqual(result.text, `a1: task ${index}`, `run ${index}`));
    },
  },
  {
    invariant: "I8",
    name: "a session remembers; a new one does not",
    run: async ({ runtime }) => {
      const agent = new Counter("a");
      const chat = agent.session("s/1", { runtime });
      expectEqual((await chat.run("x")).text, "a1: x", "first run");
      expectEqual((await chat.run("y")).text, "a2: y", "second run");
      expectEqual((await agent.session("s", { runtime }).run("z")).text, "a1: z", "another session");
      expectEqual((await chat.messages()).length, 4, "messages of the session");
    },
  },
  {
    invariant: "I1",
    name: "every tool call has one result, also those that fail",
    run: async ({ runtime }) => {
      const seen: string[][] = [];
      const script = (request: {
        readonly messages: readonly { readonly role: string; readonly content: unknown }[];
      }) => {
        const last = request.messages.at(-1);
        if (last?.role !== "tool")
          return reply.toolCalls([
            { name: "good" },
            { name: "bad" },
            { name: "good", argumentsText: "{" },
            { name: "none" },
          ]);
        seen.push(JSON.stringify(last.content).match(/"status":"\w+"/g) ?? []);
        return reply.text("done");
      };
      const bad = plainTool("bad", () => {
        throw new Error("no");
      });
      await scripted("clerk", script, [plainTool("good", () => 1), bad]).run("go", { runtime });
      const status = (name: string): string => `"status":"${name}"`;
      expectEqual(seen, [[status("ok"), status("error"), status("error"), status("error")]], "results");
    },
  },
  {
    invariant: "I3",
    name: "what an agent throws rejects the run with path, cause and what there was",
    run: async ({ runtime }) => {
      const failing = scripted("ill", [reply.failure(new RangeError("boom")), "well"]);
      const team = new RoundRobinGroupChat({ participants: [new Counter("a"), failing], maxTurns: 2 });
      const outcome = await settle(() => team.run("go", { runtime }).handle.result());
      expectThat(
        outcome.status === "rejected" && outcome.error instanceof RunError,
        "the run did not reject with a RunError",
      );
      expectEqual(outcome.error.agentPath, ["ill"], "agent path");
      expectEqual(outcome.error.partial.messages.length, 2, "messages so far");
      expectEqual((await team.run("go", { runtime })).text, "well", "the next run");
    },
  },
  {
    invariant: "I10",
    name: "a team without a rule ends by the default budget, and a budget holds in nested teams",
    run: async ({ runtime }) => {
      const endless = new RoundRobinGroupChat({ name: "endless", participants: [new Counter("a")] });
      const result = await endless.run("go", { runtime });
      expectEqual(result.stopReason.kind, "budget", "stop reason");
      expectEqual(result.messages.length, 51, "messages");
      const outer = new RoundRobinGroupChat({ name: "outer", participants: [endless], budget: { turns: 10 } });
      expectEqual((await outer.run("go", { runtime })).stopReason.kind, "budget", "stop reason of the outer team");
    },
  },
  {
    invariant: "I9",
    name: "a finished run without session and id leaves nothing",
    run: async ({ runtime }) => {
      const team = new RoundRobinGroupChat({ participants: [new Counter("a"), scripted("b", () => "b")], maxTurns: 4 });
      for (let index = 0; index < 5; index++) await team.run("go", { runtime });
      await runtime.idle();
      const { activeAgents, residentCells, pendingRequests, watchers } = runtime.stats();
      expectEqual(
        { activeAgents, residentCells, pendingRequests, watchers },
        { activeAgents: 0, residentCells: 0, pendingRequests: 0, watchers: 0 },
        "what is left",
      );
    },
  },
];
