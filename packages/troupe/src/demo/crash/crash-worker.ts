// The process that is killed: runs the investigation on a store, and says what it does in the moment before it does it.
import { writeSync } from "node:fs";
import type { RunEvent } from "@troupe/agentchat";
import { InProcessRuntime, type RuntimeEvent } from "@troupe/core";
import type { ChatModel, CodeExecutor } from "@troupe/llm";
import { sqliteStore } from "@troupe/sqlite";
import { wasmExecutor } from "@troupe/wasm-exec";
import { loadModel, loadTable } from "../demo-input.ts";
import { createInvestigation, investigationTask } from "../investigation.ts";
import { crashRunId, parseOrder, type WorkerOrder, type WorkerReport } from "./crash-protocol.ts";

/** Longer than anybody needs to kill a process: one that was forgotten ends by itself. */
const maxStopMs = 10_000;

/** Writes to the pipe at once: what is in it survives the process. */
function report(line: WorkerReport): void {
  writeSync(process.stdout.fd, `${JSON.stringify(line)}\n`);
}

/** Tells of every event that is on disk, and stands still after the one that was ordered. */
function observe(observed: RuntimeEvent, stopAt: number | undefined): void {
  if (observed.kind !== "event-stored") return;
  const { payload, runId, sequence, path, kind, at } = observed.event;
  const fields: unknown = payload;
  const event: unknown = Object.assign({}, fields, { runId, sequence, path, kind, at, isLive: false });
  // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: kind and payload were written together
  report({ kind: "event", event: event as RunEvent });
  if (sequence !== stopAt) return;
  report({ kind: "stopped" });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, maxStopMs);
  process.exit(1);
}

/** The model, saying so before it is asked. */
function announceModel(model: ChatModel): ChatModel {
  const announce = (): void => report({ kind: "calling", what: "model" });
  return {
    kind: model.kind,
    name: model.name,
    capabilities: model.capabilities,
    generate: (request) => {
      announce();
      return model.generate(request);
    },
    stream: (request) => {
      announce();
      return model.stream(request);
    },
  };
}

/** The sandbox, saying so before it runs a program. */
function announcePrograms(executor: CodeExecutor): CodeExecutor {
  return {
    kind: executor.kind,
    name: executor.name,
    languages: executor.languages,
    execute: (blocks, options) => {
      report({ kind: "calling", what: "program" });
      return executor.execute(blocks, options);
    },
    close: () => executor.close(),
    [Symbol.asyncDispose]: () => executor.close(),
  };
}

/** The same lines for the first process and the next: a run with this id is begun, or gone on with. */
async function work({ storePath, dataPath, modelId, stopAt }: WorkerOrder): Promise<void> {
  const { table } = await loadTable(dataPath);
  const executor = wasmExecutor();
  const store = sqliteStore(storePath);
  const runtime = new InProcessRuntime({ store, observer: (event) => observe(event, stopAt) });
  const team = createInvestigation({
    table,
    model: announceModel(await loadModel(modelId)),
    executor: announcePrograms(executor),
  });
  try {
    const result = await team.run(investigationTask(table), { runtime, runId: crashRunId });
    report({ kind: "finished", result });
  } finally {
    await runtime.close();
    await store.close();
    await executor.close();
  }
}

// Whoever started it holds the other end: when that process is gone, so is the audience.
process.stdin.once("end", () => process.exit(1)).resume();
await work(parseOrder(process.argv[2] ?? "{}"));
process.exit(0);
