import { judgeAcknowledgements, judgeMemories } from "./judge-cells.ts";
import { appendKill, type Life, live } from "./life.ts";
import type { CaseOptions, CaseOutcome, CaseTools } from "./team-case.ts";
import type { ReportLine } from "../worker/assignment.ts";
import { openStore } from "../worker/open-store.ts";

/** Numbers that each sender sends. */
const messagesEach = 12;

/** Stand-alone agents, each in a cell of its own, that get numbered messages from outside while their process dies again and again. */
export async function playCellsCase(options: CaseOptions, tools: CaseTools): Promise<CaseOutcome> {
  const { runId, store, kills } = options;
  const startedAt = performance.now();
  const book = tools.server.open(runId, { script: () => ({ text: "" }), seed: runId, maxDelayMs: 4 });
  const onlooker = await openStore(store);
  const violations: string[] = [];
  const acknowledged: Extract<ReportLine, { kind: "acknowledged" }>[] = [];
  try {
    for (let deaths = 0; ; deaths++) {
      const kill = kills[deaths];
      const from: Record<string, number> = {};
      for (const { sender, number } of acknowledged) from[sender] = number + 1;
      const life: Life = await live({
        worker: await tools.pool.take(),
        assignment: {
          kind: "cells",
          runId,
          store,
          outsideUrl: tools.server.url,
          kill: appendKill(kill),
          from,
          count: messagesEach,
        },
        book,
        kill,
        seen: 0,
        limitMs: tools.limitMs,
      });
      for (const line of life.lines) if (line.kind === "acknowledged") acknowledged.push(line);
      violations.push(...life.lines.flatMap((line) => (line.kind === "fault" ? [`fault: ${line.message}`] : [])));
      book.life += 1;
      if (life.isKilled) continue;
      const memories = life.lines.find((line) => line.kind === "memories")?.memories;
      const unknown = { count: 0 };
      if (memories === undefined)
        violations.push(`the process did not finish: ${life.end.errors.slice(0, 2000)} ${describe(life)}`);
      else
        violations.push(...judgeMemories(memories, { runId, calls: book.calls, count: messagesEach, deaths, unknown }));
      violations.push(...judgeAcknowledgements(acknowledged, messagesEach));
      const busy = (await onlooker.cells()).filter((row) => row.cell.includes(runId) && (row.isBusy || row.hasMail));
      violations.push(...busy.map((row) => `left behind: ${JSON.stringify(row)}`));
      return {
        violations,
        kills: deaths,
        unknown: unknown.count,
        transcript: undefined,
        events: acknowledged.length,
        appends: life.lines.find((line) => line.kind === "closed")?.appends ?? 0,
        requests: book.calls.length,
        durationMs: performance.now() - startedAt,
      };
    }
  } finally {
    await onlooker.close();
    tools.server.forget(runId);
  }
}

function describe({ lines, isStuck }: Life): string {
  const failed = lines.find((line) => line.kind === "failed");
  return `${isStuck ? "it was stuck" : ""} ${failed?.code ?? ""} ${failed?.message ?? ""}`;
}
