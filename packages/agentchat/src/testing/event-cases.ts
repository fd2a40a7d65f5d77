import { type ContractCase, expectCode, expectEqual, expectThat } from "@troupe/core/testing";
import { reply } from "@troupe/llm/testing";
import { printRun } from "../console/print-run.ts";
import { RoundRobinGroupChat } from "../team/round-robin-group-chat.ts";
import type { ChatContractEnvironment } from "./chat-contract.ts";
import { collectEvents, Counter, scripted } from "./subjects.ts";

/** What a run shows. */
export const eventCases: readonly ContractCase<ChatContractEnvironment>[] = [
  {
    invariant: "I5",
    name: "durable events are numbered without gaps, with the path of who they are about",
    run: async ({ runtime }) => {
      const inner = new RoundRobinGroupChat({ name: "inner", participants: [new Counter("a")], maxTurns: 1 });
      const team = new RoundRobinGroupChat({ name: "outer", participants: [inner, new Counter("b")], maxTurns: 2 });
      const events = (await collectEvents(team.run("go", { runtime }))).filter((event) => !event.isLive);
      expectEqual(
        events.map((event) => event.sequence),
        [1, 2, 3, 4, 5],
        "numbers",
      );
      expectEqual(
        events.map((event) => `${event.path.join("/")} ${event.kind}`),
        [" run-started", " message", "inner/a message", "b message", " run-finished"],
        "events",
      );
    },
  },
  {
    invariant: "I5",
    name: "streamed words join to the message, from the first moment of the run on",
    run: async ({ runtime }) => {
      const text = "words that come in many small pieces";
      const run = scripted("a", [reply.text(text, { chunkSize: 2 })]).run("go", { runtime });
      const events = await collectEvents(run);
      const joined = events.map((event) => (event.kind === "text-delta" ? event.delta : "")).join("");
      expectEqual(joined, text, "joined deltas");
      expectThat(
        events.some((event) => event.kind === "model-started"),
        "nobody saw the model start",
      );
    },
  },
  {
    invariant: "I5",
    name: "a reader that comes late sees the same events",
    run: async ({ runtime }) => {
      const run = new Counter("a").run("go", { runtime });
      const early = await collectEvents(run);
      await run;
      const isDurable = (event: { readonly isLive: boolean }): boolean => !event.isLive;
      expectEqual((await collectEvents(run)).filter(isDurable), early.filter(isDurable), "events");
    },
  },
  {
    invariant: "I3",
    name: "a run id belongs to one task",
    run: async ({ runtime }) => {
      const agent = new Counter("a");
      const first = await agent.run("go", { runtime, runId: "r" });
      expectEqual(
        (await agent.run("go", { runtime, runId: "r" })).messages,
        first.messages,
        "messages of the same run",
      );
      await expectCode("run.id_taken", "another task", () =>
        agent.run("other", { runtime, runId: "r" }).handle.result(),
      );
      await expectCode("run.unknown", "no run", () => agent.attach("none", { runtime }).handle.result());
    },
  },
  {
    invariant: "I3",
    name: "printing a run gives its result, in plain text where there is no terminal",
    run: async ({ runtime }) => {
      let text = "";
      const writer = { isTerminal: false, write: (part: string): void => void (text += part) };
      const result = await printRun(new Counter("a").run("go", { runtime }), { writer });
      expectEqual(result.text, "a1: go", "result");
      expectThat(text.includes("a1: go\n") && !text.includes("\u001b"), `printed ${JSON.stringify(text)}`);
    },
  },
];
