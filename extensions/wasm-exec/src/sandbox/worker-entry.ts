// The worker's main file. It imports no other package of ours: it must start fast, and alike from sources and from a build.
import { parentPort } from "node:worker_threads";
import type { RunMessage, WorkerMessage } from "./protocol.ts";
import { createEngineFactory, type EngineFactory } from "./quickjs-engine.ts";
import { runProgram } from "./run-program.ts";

const port = parentPort;
if (port === null) throw new Error("This file runs in a worker thread only.");

const say = (message: WorkerMessage): void => port.postMessage(message);

async function runMessage(createEngine: EngineFactory, message: RunMessage): Promise<void> {
  try {
    const engine = await createEngine(message.limits.memoryBytes);
    const exitCode = runProgram(engine, message, (text, isTruncated) => say({ kind: "output", text, isTruncated }));
    say({ kind: "finished", exitCode });
  } catch (error) {
    say({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
}

const createEngine = await createEngineFactory();
port.on("message", (message: RunMessage) => void runMessage(createEngine, message));
say({ kind: "ready" });
