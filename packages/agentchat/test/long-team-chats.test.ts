import { AssistantAgent, MagenticOneGroupChat, type RunEvent, SelectorGroupChat } from "@troupe/agentchat";
import { ModelError } from "@troupe/core";
import { estimateTokens } from "@troupe/llm";
import { reply, type ScriptFunction, ScriptedModel } from "@troupe/llm/testing";
import { expect, test } from "vitest";

const contextWindow = 3_000;
const long = "a word or two ".repeat(60);

/** A provider that refuses what does not fit. */
function strict(answer: ScriptFunction): ScriptedModel {
  return new ScriptedModel(
    (request, call) => {
      if (estimateTokens(request.messages) <= contextWindow) return answer(request, call);
      return reply.failure(new ModelError("model.context_overflow", "too long", { remedy: "Send less." }));
    },
    { capabilities: { contextWindow } },
  );
}

const names = ["ada", "bob", "eve"] as const;
const talkers = names.map((name) => new AssistantAgent({ name, model: strict(() => `${name}: ${long}`) }));

async function prunings(run: AsyncIterable<RunEvent>): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const event of run) if (event.kind === "history-pruned") paths.push(event.path.join("/"));
  return paths;
}

test("a selector chooses on when the chat has outgrown its window", async () => {
  const model = strict((_request, { index }) => names[index % 3] ?? "ada");
  const team = new SelectorGroupChat({ name: "panel", participants: talkers, model, maxTurns: 40, loops: "off" });
  const run = team.run("Talk");
  const paths = await prunings(run.events());
  const result = await run;
  expect(result.stopReason.kind).toBe("max-turns");
  expect(model.calls).toBeGreaterThan(30);
  const own = paths.filter((path) => path.includes("SelectorGroupChatManager"));
  expect(own.length).toBeGreaterThan(1);
  expect(own.length).toBeLessThan(model.calls / 3);
  // It is still shown the task, and who spoke last.
  expect(JSON.stringify(model.requests.at(-1)?.messages)).toContain("Talk");
});

test("an orchestrator judges on when the chat has outgrown its window", async () => {
  const ledger = (speaker: string) =>
    JSON.stringify({
      is_request_satisfied: { reason: "not yet", answer: false },
      is_in_loop: { reason: "no", answer: false },
      is_progress_being_made: { reason: "yes", answer: true },
      next_speaker: { reason: "turn", answer: speaker },
      instruction_or_question: { reason: "go on", answer: long },
    });
  const model = strict((request, { index }) =>
    request.responseFormat === undefined ? "facts and plans" : ledger(names[index % 3] ?? "ada"),
  );
  const team = new MagenticOneGroupChat({ name: "lab", participants: talkers, model, maxTurns: 20, loops: "off" });
  const run = team.run("Talk");
  const paths = await prunings(run.events());
  await run;
  expect(model.calls).toBeGreaterThan(20);
  const own = paths.filter((path) => !names.some((name) => path.endsWith(name)));
  expect(own.length).toBeGreaterThan(1);
});
