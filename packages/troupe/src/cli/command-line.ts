import { Command, CommanderError, Option } from "commander";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { loadEnvironment } from "../node/environment.ts";
import { describeFailure, exitCodeOf } from "./failure.ts";
import { packageVersion } from "./package-version.ts";
import { addRunCommands, logOption, parseCount, storeOption } from "./runs/add-run-commands.ts";
import { chooseStore } from "./store/store-spec.ts";

interface SharedOptions {
  readonly debug?: boolean;
  readonly env?: string;
}

/**
 * Runs one command of the command line and returns its exit code; `process.exitCode` is the caller's business.
 *
 * Errors are printed as what happened, code and remedy; a stack only with `--debug`.
 */
export async function runCommandLine(argv: readonly string[]): Promise<ExitCode> {
  const outcome: { exitCode: ExitCode } = { exitCode: exitCodes.ok };
  const program = createProgram((exitCode) => {
    outcome.exitCode = exitCode;
  });
  try {
    await program.parseAsync(argv);
    return outcome.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    process.stderr.write(`${describeFailure(error, { isDebug: argv.includes("--debug") })}\n`);
    return exitCodeOf(error);
  }
}

/** The command line itself, without running anything. */
export function createProgram(done: (exitCode: ExitCode) => void): Command {
  const program = new Command("troupe")
    .description(
      "Teams of AI agents: start a project, run a team, talk to it, look at its runs, watch a demonstration.",
    )
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .showHelpAfterError("(troupe --help lists the commands)")
    .exitOverride()
    .addHelpText("after", examples);
  addInit(program, done);
  addRun(program, done);
  addChat(program, done);
  addRunCommands(program, done);
  addSchema(program, done);
  addDemo(program, done);
  for (const command of withSubcommands(program.commands))
    command.exitOverride().addOption(debugOption()).addOption(envFileOption());
  return program;
}

function withSubcommands(commands: readonly Command[]): readonly Command[] {
  return commands.flatMap((command) => [command, ...withSubcommands(command.commands)]);
}

const examples = `
Examples:
  $ troupe init my-team
  $ troupe run team.ts "Summarise this week's incidents"
  $ troupe run team.json "Summarise this week's incidents" --model openai:gpt-5-mini
  $ troupe chat team.ts
  $ troupe runs
  $ troupe resume 20261121-153012-k3f9
  $ troupe demo

Exit codes: 0 the run ended, 1 it failed, 2 wrong call or set-up, 3 it waits for an answer, 130 Ctrl+C.`;

const debugOption = (): Option => new Option("--debug", "show the stack and the causes of an error");
const modelOption = (): Option =>
  new Option(
    "--model <id>",
    "for a document: this model in the place of its own; offline needs no key and only repeats",
  );
const lenderOption = (): Option =>
  new Option(
    "--with <module>",
    "for a document: it may name the tools, executors and functions that this module exports",
  );
const envFileOption = (): Option => new Option("--env <path>", "read this file of NAME=value lines instead of .env");

function addInit(program: Command, done: (exitCode: ExitCode) => void): void {
  program
    .command("init <dir>")
    .description("create a project that runs at once, without a key")
    .action(async (dir: string, options: SharedOptions) => {
      loadEnvironment(options.env);
      const { initCommand } = await import("./init/init-command.ts");
      done(await initCommand(dir));
    });
}

function addRun(program: Command, done: (exitCode: ExitCode) => void): void {
  program
    .command("run <file> [task]")
    .description("run the team of a module or a document; without a task it is read from standard input")
    .addOption(storeOption())
    .option("--run-id <id>", "name the run: the same id and task again go on with it, or show what it came to")
    .addOption(logOption())
    .option("--json", "print the result as one JSON value instead of the conversation")
    .option("--quiet", "print only the final text")
    .option("--dev", "park at every wait, to find code that does not survive a restart")
    .addOption(modelOption())
    .addOption(lenderOption())
    .action(async (file: string, task: string | undefined, options: SharedOptions & RunFlags) => {
      loadEnvironment(options.env);
      const { runCommand } = await import("./run-command.ts");
      done(
        await runCommand({
          file,
          task,
          spec: chooseStore(options.store),
          runId: options.runId,
          logPath: options.log,
          isJson: options.json === true,
          isQuiet: options.quiet === true,
          isDev: options.dev === true,
          modelId: options.model,
          lender: options.with,
        }),
      );
    });
}

interface RunFlags {
  readonly store?: string;
  readonly runId?: string;
  readonly session?: string;
  readonly log?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly dev?: boolean;
  readonly model?: string;
  readonly with?: string;
}

function addChat(program: Command, done: (exitCode: ExitCode) => void): void {
  program
    .command("chat <file>")
    .description("talk to the team of a module or a document, over many turns; its questions are asked here")
    .addOption(storeOption())
    .option("--session <name>", "go on with this conversation, or begin it under this name")
    .option("--dev", "park at every wait, to find code that does not survive a restart")
    .addOption(modelOption())
    .addOption(lenderOption())
    .action(async (file: string, options: SharedOptions & RunFlags) => {
      loadEnvironment(options.env);
      const { chatCommand } = await import("./chat-command.ts");
      const { dev, model: modelId, with: lender, session: sessionId } = options;
      const spec = chooseStore(options.store);
      done(await chatCommand({ file, spec, sessionId, isDev: dev === true, modelId, lender }));
    });
}

function addSchema(program: Command, done: (exitCode: ExitCode) => void): void {
  program
    .command("schema")
    .description("print the JSON Schema of component documents, for editors")
    .action(async () => {
      const { schemaCommand } = await import("./documents/schema-command.ts");
      done(schemaCommand());
    });
}

function addDemo(program: Command, done: (exitCode: ExitCode) => void): void {
  program
    .command("demo")
    .description("watch a team investigate a real table, offline; a model is called only with --model")
    .option("--data <file>", "investigate this CSV file instead of the barley trial")
    .option(
      "--model <id>",
      "ask a real model, such as openai:gpt-5-mini, anthropic:claude-haiku-4-5 or ollama:llama3.2",
    )
    .option("--out <dir>", "where report.md, chart.svg and run.html are written", "out")
    .option("--crash", "kill the process of the run at a random event; another one goes on")
    .option("--seed <n>", "with --crash: kill at the event of this seed", parseCount)
    .action(async (options: SharedOptions & DemoFlags) => {
      loadEnvironment(options.env);
      const { demoCommand } = await import("./demo-command.ts");
      const { data: dataPath, model: modelId, out: outDirectory, seed } = options;
      const crash = options.crash === true || seed !== undefined ? { seed } : undefined;
      done(await demoCommand({ dataPath, modelId, outDirectory, crash }));
    });
}

interface DemoFlags {
  readonly data?: string;
  readonly model?: string;
  readonly out: string;
  readonly crash?: boolean;
  readonly seed?: number;
}
