import { type Command, InvalidArgumentError, Option } from "commander";
import { loadEnvironment } from "../../node/environment.ts";
import { parseDuration } from "../../terminal/human-units.ts";
import type { ExitCode } from "../exit-codes.ts";
import { chooseStore } from "../store/store-spec.ts";

/** Options that every command about stored runs has. */
interface StoredRunOptions {
  readonly env?: string;
  readonly store?: string;
  readonly json?: boolean;
}

/** The option that names a store; its variable may hold a URL with a password. */
export function storeOption(): Option {
  return new Option(
    "--store <store>",
    "memory, sqlite:path or postgres://host/database; default: TROUPE_STORE, else sqlite:.troupe/runs.db",
  );
}

/** The option that names an event log. */
export function logOption(): Option {
  return new Option("--log <file>", "also write every event as a line of JSON; the file rotates and stays bounded");
}

/** Adds the commands that look at stored runs and go on with them. */
export function addRunCommands(program: Command, done: (exitCode: ExitCode) => void): void {
  addRuns(program, done);
  addResume(program, done);
  addReplay(program, done);
  addFork(program, done);
  addPrune(program, done);
}

function addRuns(program: Command, done: (exitCode: ExitCode) => void): void {
  const runs = program
    .command("runs")
    .description("list the stored runs, newest first")
    .addOption(storeOption())
    .option("--status <status...>", "only running, interrupted, waiting, paused or ended ones")
    .option("--limit <n>", "how many at most", parseCount, 50)
    .option("--json", "print one JSON value")
    .action(async (options: StoredRunOptions & { readonly status?: readonly string[]; readonly limit: number }) => {
      loadEnvironment(options.env);
      const { listCommand } = await import("./list-command.ts");
      const { status = [], limit, json } = options;
      done(await listCommand({ spec: chooseStore(options.store), status, limit, isJson: json === true }));
    });
  runs
    .command("show <run>")
    .description("tell what happened in a run: who spoke, which tools, what it cost, crashes, how it ended")
    .action(async (runId: string, _: unknown, command: Command) => {
      const options: StoredRunOptions = command.optsWithGlobals();
      loadEnvironment(options.env);
      const { showCommand } = await import("./show-command.ts");
      done(await showCommand({ spec: chooseStore(options.store), runId, isJson: options.json === true }));
    });
}

function addResume(program: Command, done: (exitCode: ExitCode) => void): void {
  program
    .command("resume <run> [file]")
    .description("go on with a run: after a crash, a pause, or where it waits for an answer, which is asked for here")
    .addOption(storeOption())
    .addOption(logOption())
    .option("--restart", "run a turn again from its start when it does not fit the code; what it has recorded is kept")
    .action(async (runId: string, file: string | undefined, options: StoredRunOptions & ResumeFlags) => {
      loadEnvironment(options.env);
      const { resumeCommand } = await import("./resume-command.ts");
      const { log: logPath, restart = false } = options;
      done(await resumeCommand({ spec: chooseStore(options.store), runId, file, logPath, restarts: restart }));
    });
}

function addReplay(program: Command, done: (exitCode: ExitCode) => void): void {
  program
    .command("replay <run> [file]")
    .description("go through a run again from its journal, offline: no model is asked, no tool is called")
    .addOption(storeOption())
    .option("--until <event>", "stop after this event", parseCount)
    .action(
      async (runId: string, file: string | undefined, options: StoredRunOptions & { readonly until?: number }) => {
        loadEnvironment(options.env);
        const { replayCommand } = await import("./replay-command.ts");
        done(await replayCommand({ spec: chooseStore(options.store), runId, file, until: options.until }));
      },
    );
}

function addFork(program: Command, done: (exitCode: ExitCode) => void): void {
  program
    .command("fork <run> [file]")
    .description("copy a run up to one of its events into a run of its own; the original is not touched")
    .addOption(storeOption())
    .requiredOption("--at <event>", "the last event that is copied", parseCount)
    .option("--run", "go on with the copy at once instead of leaving it paused")
    .action(async (runId: string, file: string | undefined, options: StoredRunOptions & ForkFlags) => {
      loadEnvironment(options.env);
      const { forkCommand } = await import("./fork-command.ts");
      const { at: sequence, run } = options;
      done(await forkCommand({ spec: chooseStore(options.store), runId, file, sequence, runsOn: run === true }));
    });
}

interface ResumeFlags {
  readonly log?: string;
  readonly restart?: boolean;
}

interface ForkFlags {
  readonly at: number;
  readonly run?: boolean;
}

function addPrune(program: Command, done: (exitCode: ExitCode) => void): void {
  program
    .command("prune")
    .description("remove ended runs from the store")
    .addOption(storeOption())
    .option("--older-than <age>", "those without an event for so long: 12h, 30d, 8w", parseAge)
    .option("--keep-last <n>", "but not the newest", parseCount)
    .option("--dry-run", "only say what would go")
    .action(async (options: StoredRunOptions & PruneFlags) => {
      loadEnvironment(options.env);
      const { pruneCommand } = await import("./prune-command.ts");
      const { olderThan: olderThanMs, keepLast, dryRun } = options;
      done(await pruneCommand({ spec: chooseStore(options.store), olderThanMs, keepLast, isDryRun: dryRun === true }));
    });
}

interface PruneFlags {
  readonly olderThan?: number;
  readonly keepLast?: number;
  readonly dryRun?: boolean;
}

/** A whole number. @throws InvalidArgumentError of commander, which names the option. */
export function parseCount(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Give a whole number.");
}

/** @throws InvalidArgumentError of commander, which names the option. */
function parseAge(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    throw new InvalidArgumentError("Give a number and a unit: 45s, 90m, 12h, 30d or 2w.");
  }
}
