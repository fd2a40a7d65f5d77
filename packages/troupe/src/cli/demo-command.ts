import { randomInt } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ConfigError, InProcessRuntime } from "@troupe/core";
import { wasmExecutor } from "@troupe/wasm-exec";
import { crashRunId } from "../demo/crash/crash-protocol.ts";
import type { CrashOptions } from "../demo/crash/kill-and-resume.ts";
import { loadModel, loadTable } from "../demo/demo-input.ts";
import { type DemoOptions, runDemo } from "../demo/run-demo.ts";
import type { Screen } from "../demo/screen.ts";
import { type CrashStory, repeatedCalls } from "../demo/story.ts";
import { makeDirectory } from "../node/make-directory.ts";
import { standardOutput } from "../terminal/terminal.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { onInterrupt } from "./interrupt.ts";

/** `troupe demo` with its flags. */
export interface DemoCall {
  readonly dataPath: string | undefined;
  readonly modelId: string | undefined;
  readonly outDirectory: string;
  /** Set to kill the process of the run in the middle. */
  readonly crash?: CrashCall | undefined;
}

/** When the process is killed: equal seeds kill at the same event; without one, chance decides. */
interface CrashCall {
  readonly seed: number | undefined;
}

/**
 * Shows a team at work on a real table and writes its report, chart and page.
 *
 * No model is called unless one is named; a key in the environment only makes the last line offer the command that would.
 *
 * @throws ConfigError for an unusable table, model or directory; whatever the run rejects with.
 */
export async function demoCommand(call: DemoCall): Promise<ExitCode> {
  const { table, dataName, dataSource } = await loadTable(call.dataPath);
  const model = await loadModel(call.modelId);
  const crash = call.crash === undefined ? undefined : await prepareCrash(call, call.crash);
  const executor = wasmExecutor();
  const runtime = new InProcessRuntime();
  const controller = new AbortController();
  const stopListening = onInterrupt(() => controller.abort(new DOMException("Ctrl+C", "AbortError")));
  const screen = terminalScreen();
  const options: DemoOptions = {
    table,
    dataName,
    dataSource,
    model,
    isStandIn: call.modelId === undefined,
    executor,
    runtime,
    screen,
    now: () => performance.now(),
    signal: controller.signal,
    crash,
  };
  try {
    const { story, files } = await runDemo(options);
    const written = await writeFiles(call.outDirectory, files);
    screen.write(`\nWrote ${written.join(", ")}\n`);
    if (crash !== undefined) screen.write(showLine(crash));
    if (call.modelId === undefined) screen.write(offerLine(process.env));
    return story.crash === undefined || isHarmless(story.crash) ? exitCodes.ok : exitCodes.failed;
  } catch (error) {
    if (controller.signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    stopListening();
    await runtime.close();
    await executor.close();
  }
}

/** The database of the run that is killed stays beside the report, to look into. */
async function prepareCrash({ outDirectory, dataPath, modelId }: DemoCall, { seed }: CrashCall): Promise<CrashOptions> {
  await writeFiles(outDirectory, {});
  return { seed: seed ?? randomInt(1_000_000), storePath: join(outDirectory, "crash.db"), dataPath, modelId };
}

function showLine({ storePath }: CrashOptions): string {
  return `The run, the crash included: troupe runs show ${crashRunId} --store sqlite:${storePath}\n`;
}

/** True when the kill cost nothing: no recorded call was made again, and everybody said what they would have said. */
function isHarmless({ models, programs, isSameTranscript }: CrashStory): boolean {
  return repeatedCalls(models) + repeatedCalls(programs) === 0 && isSameTranscript !== false;
}

/** The last line: how to ask a real model, for the first provider whose key is set; empty without a key. */
export function offerLine(environment: Readonly<Record<string, string | undefined>>): string {
  const offer = offers.find(({ key }) => (environment[key] ?? "") !== "");
  return offer === undefined
    ? ""
    : `${offer.key} is set: npx troupe demo --model ${offer.model} asks that model instead of the stand-in.\n`;
}

const offers = [
  { key: "OPENAI_API_KEY", model: "openai:gpt-5-mini" },
  { key: "ANTHROPIC_API_KEY", model: "anthropic:claude-haiku-4-5" },
  { key: "OLLAMA_HOST", model: "ollama:llama3.2" },
];

async function writeFiles(directory: string, files: Readonly<Record<string, string>>): Promise<string[]> {
  const paths = Object.entries(files).map(([name, text]) => ({ path: join(directory, name), text }));
  try {
    await makeDirectory(resolve(directory));
    for (const { path, text } of paths) await writeFile(path, text);
  } catch (error) {
    throw new ConfigError("config.invalid_option", `The files cannot be written to "${directory}".`, {
      remedy: "Name a directory that can be written to with --out.",
      cause: error,
    });
  }
  return paths.map(({ path }) => path);
}

function terminalScreen(): Screen {
  const { isTTY } = process.stdout;
  const state = { hasStatus: false };
  const status = (text: string): void => {
    if (isTTY !== true || (text === "" && !state.hasStatus)) return;
    process.stdout.write(`\r\u001B[K${text === "" ? "" : `         ${text}`}`);
    state.hasStatus = text !== "";
  };
  return { ...standardOutput(), status };
}
