import { type ContractCase, expectCode, expectEqual, expectThat, settle } from "@troupe/core/testing";
import { reply } from "@troupe/llm/testing";
import { UserProxyAgent } from "../agent/user-proxy-agent.ts";
import { RoundRobinGroupChat } from "../team/round-robin-group-chat.ts";
import type { ChatContractEnvironment } from "./chat-contract.ts";
import { plainTool, scripted, seeKind } from "./subjects.ts";

/** How a run is stopped and asked. */
export const steeringCases: readonly ContractCase<ChatContractEnvironment>[] = [
  {
    invariant: "I3",
    name: "a cancel ends a model that never answers, and the session goes on",
    run: async ({ runtime }) => {
      const chat = scripted("a", [reply.hang(), "awake"]).session("s", { runtime });
      const run = chat.run("sleep");
      await seeKind(run, "model-started");
      await run.cancel("enough");
      const { stopReason } = await run;
      expectEqual(
        { kind: stopReason.kind, detail: stopReason.detail },
        { kind: "cancelled", detail: "enough" },
        "stop reason",
      );
      expectEqual((await chat.run("wake up")).text, "awake", "the next run");
    },
  },
  {
    invariant: "I1",
    name: "a cancel during a tool closes its call",
    run: async ({ runtime }) => {
      let history = "";
      const model = (request: { readonly messages: readonly unknown[] }) => {
        history = JSON.stringify(request.messages);
        return history.includes("tool-call") ? reply.text("after") : reply.toolCall("slow");
      };
      const slow = plainTool(
        "slow",
        (_, { signal }) =>
          new Promise((_resolve, reject) =>
            signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
          ),
      );
      const chat = scripted("a", model, [slow]).session("s", { runtime });
      const run = chat.run("go");
      await seeKind(run, "tool-started");
      await run.cancel();
      expectEqual((await chat.run("and?")).text, "after", "the next run");
      expectThat(history.includes('"status":"cancelled"'), `the call has no result: ${history}`);
    },
  },
  {
    invariant: "I3",
    name: "an aborted signal rejects the run with its reason",
    run: async ({ runtime }) => {
      const controller = new AbortController();
      const reason = new Error("left");
      const run = scripted("a", [reply.hang()]).run("sleep", { runtime, signal: controller.signal });
      await seeKind(run, "model-started");
      controller.abort(reason);
      const outcome = await settle(() => run.handle.result());
      expectThat(outcome.status === "rejected" && outcome.error === reason, "the run did not reject with the reason");
    },
  },
  {
    invariant: "I3",
    name: "leaving the loop over a run cancels it; stop() ends it after the speaker",
    run: async ({ runtime }) => {
      const make = (name: string): RoundRobinGroupChat =>
        new RoundRobinGroupChat({ name, participants: [scripted("a", () => reply.text("word", { delayMs: 1 }))] });
      const left = make("left").run("go", { runtime });
      for await (const event of left) if (event.kind === "message" && event.message.source === "a") break;
      expectEqual((await left).stopReason.kind, "cancelled", "a run that was left");
      const stopped = make("stopped").run("go", { runtime });
      for await (const event of stopped)
        if (event.kind === "message" && event.message.source === "a") await stopped.stop();
      expectEqual((await stopped).stopReason.kind, "stopped", "a run that was stopped");
    },
  },
  {
    invariant: "C16",
    name: "a run rests at a question, and its one answer moves it on",
    run: async ({ runtime }) => {
      const run = new UserProxyAgent({ name: "ada" }).run("well?", { runtime });
      const rest = await run;
      expectEqual(rest.stopReason.kind, "input-required", "stop reason");
      const [question] = rest.questions;
      expectThat(question !== undefined, "the rest names no question");
      await expectCode("wait.invalid_answer", "an answer that does not fit", () => run.respond(question.id, 1));
      await run.respond(question.id, "yes");
      expectEqual((await run).text, "yes", "answer");
      expectEqual(run.pending(), [], "open questions");
    },
  },
  {
    invariant: "C16",
    name: "onQuestion answers in place",
    run: async ({ runtime }) => {
      const result = await new UserProxyAgent({ name: "ada" }).run("well?", {
        runtime,
        onQuestion: ({ prompt }) => `to "${prompt}"`,
      });
      expectEqual(result.text, 'to "Your answer to user?"', "answer");
    },
  },
];
