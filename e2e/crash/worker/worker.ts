// A worker process of the crash campaign: loads everything, prepares its one assignment, carries it out when it is told to, and closes
// in order if it is still alive then. Reports go to file descriptor 3, written at once.
import { writeSync } from "node:fs";
import { createDeferred, InProcessRuntime, type Logger, type LogRecord } from "@troupe/core";
import { createOutsideClient } from "../outside/outside-client.ts";
import type { Assignment, Order, ReportLine, Start } from "./assignment.ts";
import { FatalStore } from "./fatal-store.ts";
import { openStore } from "./open-store.ts";
import { prepareCells } from "./run-cells.ts";
import { prepareTeam } from "./run-team.ts";

const reportFile = 3;

function report(line: ReportLine): void {
  writeSync(reportFile, `${JSON.stringify(line)}\n`);
}

async function carryOut(assignment: Assignment, told: Promise<Start>): Promise<void> {
  const store = new FatalStore({
    store: await openStore(assignment.store),
    kill: assignment.kill,
    onDying: (write) => report({ kind: "dying", write }),
  });
  const hear = ({ message, error }: LogRecord): void =>
    report({
      kind: "fault",
      message: `${message}${error instanceof Error ? `: ${error.stack ?? error.message}` : ""}`,
    });
  const logger: Logger = { debug: () => {}, info: () => {}, warn: hear, error: hear };
  const runtime = new InProcessRuntime({ store, logger });
  const client = createOutsideClient(assignment.outsideUrl, assignment);
  try {
    const parts = { runtime, client, report };
    const go = await (assignment.kind === "team" ? prepareTeam(assignment, parts) : prepareCells(assignment, parts));
    report({ kind: "prepared" });
    await go(await told);
  } finally {
    await runtime.close();
    await store.close();
    client.close();
  }
  report({ kind: "closed", writes: store.writes });
}

const told = createDeferred<Start>();
process.on("message", (order: Order) => {
  if (order.kind === "go") {
    told.resolve(order.start);
    return;
  }
  carryOut(order.assignment, told.promise).then(
    () => process.disconnect(),
    (error: unknown) => {
      report({ kind: "failed", code: "worker", message: error instanceof Error ? (error.stack ?? "") : String(error) });
      process.disconnect();
    },
  );
});
// A campaign that is gone takes its workers with it.
process.once("disconnect", () => process.exit());
process.send?.("ready");
