import { MagenticOneGroupChat, type MagenticOneGroupChatOptions } from "@troupe/agentchat";
import { type Script, ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { verifies } from "../agentchat.ts";
import { Echo, eventsOf, head } from "./fixtures.ts";

interface LedgerParts {
  readonly done?: boolean;
  readonly moves?: boolean;
}

function ledger({ done = false, moves = true }: LedgerParts = {}): string {
  const entry = (answer: unknown) => ({ reason: "so it is", answer });
  return JSON.stringify({
    is_request_satisfied: entry(done),
    is_in_loop: entry(false),
    is_progress_being_made: entry(moves),
    next_speaker: entry("a"),
    instruction_or_question: entry("go on"),
  });
}

function createTeam(answers: Script, options: Partial<MagenticOneGroupChatOptions> = {}) {
  const model = new ScriptedModel(answers);
  return { model, team: new MagenticOneGroupChat({ name: "one", model, participants: [new Echo("a")], ...options }) };
}

const stuck = ledger({ moves: false });

verifies("chat-109", "from the facts to the answer", async () => {
  const { team } = createTeam(["facts", "plan", ledger(), ledger({ done: true }), "the answer"]);
  const result = await team.run("the task");
  expect(result.messages.map((message) => message.source)).toEqual([
    "user",
    "MagenticOneOrchestrator",
    "MagenticOneOrchestrator",
    "a",
    "MagenticOneOrchestrator",
  ]);
  expect(result.messages[1]?.text).toMatch(/the task[^]*facts[^]*plan/);
  expect(result.text).toBe("the answer");
  expect(result.stopReason.detail).toBe("so it is");
});

verifies("chat-110", "stalls lead to a new plan", async () => {
  const answers = ["f1", "p1", ledger(), stuck, stuck, "f2", "p2", ledger(), ledger({ done: true }), "end"];
  const { team } = createTeam(answers, { maxStalls: 2 });
  const result = await team.run("x");
  const own = result.messages.filter((message) => message.source === "a").map((message) => head(message.text));
  expect(own).toEqual(["a1", "a2", "a1"]);
  expect(result.messages.filter(({ source, text }) => source !== "a" && /f2[^]*p2/.test(text))).toHaveLength(1);
});

verifies("chat-111", "task, facts and plan survive save and restore", async () => {
  const { team } = createTeam(["the facts", "the plan", ledger(), "first answer"], { maxTurns: 1 });
  const session = team.session("s");
  await session.run("the first task");
  const saved = await session.snapshot();
  const second = createTeam(["new facts", "new plan", ledger({ done: true }), "second answer"]);
  const restored = second.team.session("s");
  await restored.restore(saved);
  expect((await restored.run("the second task")).text).toBe("second answer");
  const asked = JSON.stringify(second.model.requests[0]?.messages);
  for (const part of ["the first task", "the facts", "the plan", "the second task"]) expect(asked).toContain(part);
});

verifies("chat-112", "a cancel while it plans", async () => {
  const { team } = createTeam([{ kind: "hang" }]);
  const run = team.run("x");
  for await (const event of run.handle.events()) if (event.kind === "model-started") break;
  await run.cancel();
  expect((await run).stopReason.kind).toBe("cancelled");
});

verifies("chat-113", "ledgers that are not quite right, and a team of one", async () => {
  const { team, model } = createTeam([
    "f",
    "p",
    "not JSON",
    `\`\`\`json\n${ledger()}\n\`\`\``,
    ledger({ done: true }),
    "end",
  ]);
  expect((await team.run("x")).text).toBe("end");
  expect(model.requests).toHaveLength(6);
});

verifies("chat-147", "turns, plans and ledgers are bounded", async () => {
  const answer: Script = ({ messages }) => {
    const last = JSON.stringify(messages.at(-1));
    if (last.includes("The work is over")) return "the end";
    return last.includes("Judge the work") ? ledger() : "some words";
  };
  const { team } = createTeam(answer, { maxTurns: 4 });
  const session = team.session("s");
  for (const task of ["one", "two"]) {
    const result = await session.run(task);
    expect(result.messages.filter((message) => message.source === "a")).toHaveLength(4);
    expect(result.stopReason.kind).toBe("max-turns");
  }
  await team.close();
  const stalled = createTeam(["f", "p", stuck, stuck, "f2", "p2", stuck, stuck, "end"], {
    maxStalls: 2,
    maxReplans: 1,
  });
  const events = await eventsOf(stalled.team.run("x"));
  expect(events.filter((event) => event.kind === "plan-made")).toHaveLength(2);
  for (const bad of ["{}", "[]", '{"is_request_satisfied":true}', "null", ledger().slice(0, 80)]) {
    const { team: odd } = createTeam(["f", "p", bad, bad, ledger({ done: true }), "end"]);
    expect((await odd.run("x")).text).toBe("end");
  }
});
