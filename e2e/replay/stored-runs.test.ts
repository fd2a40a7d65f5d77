import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Runner } from "@troupe/agentchat";
import { type AgentDefinition, InProcessRuntime, replayCell, type StoreRecord } from "@troupe/core";
import { sqliteStore } from "@troupe/sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hear, type OutsideReply, type OutsideRequest } from "../crash/outside/outside-call.ts";
import type { OutsideClient } from "../crash/outside/outside-client.ts";
import { createOutsideParts } from "../crash/outside/outside-parts.ts";
import type { TeamScenario } from "../crash/scenario/team-scenario.ts";
import { teamScenarios } from "../crash/scenario/team-scenarios.ts";

/** Keeps what is registered, so that it can be handed to a replay. */
class CollectingRuntime extends InProcessRuntime {
  readonly agents: AgentDefinition[] = [];

  override register(agent: AgentDefinition): Promise<void> {
    this.agents.push(agent);
    return super.register(agent);
  }
}

/** A world that answers at once, by the scenario's script; `onCall` hears of each request. */
function world({ script }: TeamScenario, onCall: (count: number) => void): OutsideClient {
  let count = 0;
  const answer = (request: OutsideRequest): OutsideReply => {
    switch (request.kind) {
      case "model":
        return { kind: "said", said: script(hear(request.agent, request.messages)), serial: count };
      case "effect":
        return { kind: "effect", value: `${request.tool} done` };
      case "answer":
        return { kind: "answer", answer: request.prompt.startsWith("May ") ? { approved: true } : "words" };
    }
  };
  return {
    ask: async (request) => {
      count += 1;
      onCall(count);
      await new Promise((resolve) => setImmediate(resolve));
      return answer(request);
    },
    close: () => {},
  };
}

/** No answer to anybody. */
const nowhere: OutsideClient = {
  ask: () => Promise.reject(new Error("a replay asked the world outside")),
  close: () => {},
};

/** Runs a scenario's team to its end, or cancels it at a request. */
async function runStored(scenario: TeamScenario, file: string, cancelAt: number): Promise<void> {
  await using runtime = new InProcessRuntime({ store: sqliteStore(file) });
  let cancel = (): void => {};
  const parts = createOutsideParts(world(scenario, (count) => count === cancelAt && cancel()));
  const run = scenario.createTeam(parts).run(scenario.task, {
    runtime,
    runId: "stored",
    onQuestion: ({ prompt }) => parts.answer(prompt),
  });
  cancel = () => void run.handle.cancel("enough");
  await run;
}

/** The log of the one cell that has events, read as another process would. */
async function readLog(file: string): Promise<readonly StoreRecord[]> {
  const store = sqliteStore(file);
  try {
    const [row] = await store.runs({ runId: "stored" });
    return await store.read(row?.cell ?? "");
  } finally {
    await store.close();
  }
}

/** The agents of a team, made anew, in a program that can reach nothing. */
async function offlineAgents(team: Runner<unknown>): Promise<readonly AgentDefinition[]> {
  await using runtime = new CollectingRuntime();
  // Any use registers a team; this one makes nothing.
  await team.session("other", { runtime }).messages();
  return runtime.agents;
}

describe("a stored run", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "troupe-replay-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  for (const scenario of teamScenarios)
    for (const cancelAt of [0, 3]) {
      const ending = cancelAt === 0 ? "finished" : `cancelled at request ${cancelAt}`;
      test(`of "${scenario.name}", ${ending}, replays offline to the identical event list`, async () => {
        const file = join(folder, `${scenario.name}-${cancelAt}.db`);
        await runStored(scenario, file, cancelAt);
        const records = await readLog(file);
        const recorded = records.flatMap((record) => ("events" in record ? (record.events ?? []) : []));
        const end = recorded.at(-1);
        expect(end?.kind).toBe("run-finished");
        if (cancelAt > 0) expect(end?.payload).toMatchObject({ stopReason: { kind: "cancelled" } });
        const agents = await offlineAgents(scenario.createTeam(createOutsideParts(nowhere)));
        const replay = await replayCell({ records, agents });
        expect(replay.mismatches.map(({ error }) => error.message)).toEqual([]);
        expect(replay.events).toEqual(recorded);
        expect(replay.turns).toBeGreaterThan(1);
      });
    }
});
