import { readFile, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { ConfigError, InProcessRuntime } from "@troupe/core";
import type { ChatModel } from "@troupe/llm";
import { wasmExecutor } from "@troupe/wasm-exec";
import { type DemoOptions, runDemo } from "../demo/run-demo.ts";
import type { Screen } from "../demo/screen.ts";
import { standInModel } from "../demo/stand-in/stand-in-model.ts";
import { parseTable, type Table } from "../demo/table/table.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { onInterrupt } from "./interrupt.ts";
import { makeDirectory } from "../node/make-directory.ts";
import { standardOutput } from "../terminal/terminal.ts";

/** `troupe demo` with its flags. */
export interface DemoCall {
  readonly dataPath: string | undefined;
  readonly modelId: string | undefined;
  readonly outDirectory: string;
}

/** The table of the default demonstration, in the package's own data folder. */
const barley = {
  url: new URL("../../data/barley.csv", import.meta.url),
  name: "barley.csv",
  source:
    "Minnesota barley trial of 1931-32; Wiebe, Reinbach-Welch and Cowan, USDA Technical Bulletin 735 (1940), after Immer, Hayes and Powers (1934)",
};

/**
 * Shows a team at work on a real table and writes its report, chart and page.
 *
 * No model is called unless one is named; a key in the environment only makes the last line offer the command that would.
 *
 * @throws ConfigError for an unusable table, model or directory; whatever the run rejects with.
 */
export async function demoCommand(call: DemoCall): Promise<ExitCode> {
  const { table, dataName, dataSource } = await loadTable(call.dataPath);
  const model = call.modelId === undefined ? standInModel() : await loadModel(call.modelId);
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
  };
  try {
    const { files } = await runDemo(options);
    const written = await writeFiles(call.outDirectory, files);
    screen.write(`\nWrote ${written.join(", ")}\n`);
    if (call.modelId === undefined) screen.write(offerLine(process.env));
    return exitCodes.ok;
  } catch (error) {
    if (controller.signal.aborted) return exitCodes.interrupted;
    throw error;
  } finally {
    stopListening();
    await runtime.close();
    await executor.close();
  }
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

async function loadTable(
  dataPath: string | undefined,
): Promise<{ table: Table; dataName: string; dataSource?: string }> {
  if (dataPath === undefined) {
    const text = await readFile(barley.url, "utf8");
    return { table: parseTable(barley.name, text), dataName: barley.name, dataSource: barley.source };
  }
  const text = await readFile(resolve(dataPath), "utf8").catch((error: unknown) => {
    throw new ConfigError("config.invalid_option", `The table "${dataPath}" cannot be read.`, {
      remedy: "Name a readable CSV file with --data.",
      cause: error,
    });
  });
  return { table: parseTable(basename(dataPath), text), dataName: basename(dataPath) };
}

async function loadModel(id: string): Promise<ChatModel> {
  const { model, parseModelId } = await import("@troupe/ai-sdk");
  return model(parseModelId(id).id);
}

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
