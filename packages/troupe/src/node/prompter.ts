import { createInterface } from "node:readline";

/** Asks the person at the terminal. `undefined` means: no answer will come, the input has ended. */
export interface Prompter {
  /** True when a person types, false when lines come from a pipe. */
  readonly isInteractive: boolean;
  /** One line of text. */
  text(prompt: string): Promise<string | undefined>;
  /** Yes or no; anything else is asked again. */
  confirm(prompt: string): Promise<boolean | undefined>;
  /** One of the choices, by its name or its number; anything else is asked again. */
  choose(prompt: string, choices: readonly string[]): Promise<string | undefined>;
  close(): void;
}

/** Shows a prompt and reads the line that answers it. */
type ReadLine = (prompt: string) => Promise<string | undefined>;

/** The prompter of this process: a line editor on a terminal, line by line when input is piped. */
export function createPrompter(): Prompter {
  const isInteractive = process.stdin.isTTY && process.stdout.isTTY;
  const { read, close } = isInteractive ? { read: readTerminalLine, close: () => {} } : createPipeReader();
  return {
    isInteractive,
    text: (prompt) => read(prompt),
    confirm: (prompt) => readUntil({ read, prompt: `${prompt} (y/n)`, parse: parseYesNo }),
    choose: (prompt, choices) => {
      const list = choices.map((choice, index) => `  ${index + 1}. ${choice}`).join("\n");
      return readUntil({ read, prompt: `${prompt}\n${list}\n`, parse: (line) => parseChoice(line, choices) });
    },
    close,
  };
}

/**
 * A line editor for one line. Ctrl+D ends the input. Ctrl+C goes to the process, as between prompts, and leaves the question open: whoever
 * listens for it cancels what asked.
 */
function readTerminalLine(prompt: string): Promise<string | undefined> {
  const editor = createInterface({ input: process.stdin, output: process.stdout });
  return new Promise((resolve) => {
    const endOfInput = (): void => resolve(undefined);
    editor.once("close", endOfInput);
    editor.once("SIGINT", () => {
      editor.off("close", endOfInput);
      editor.close();
      process.kill(process.pid, "SIGINT");
    });
    editor.question(`${prompt} `, (line) => {
      resolve(line);
      editor.close();
    });
  });
}

function createPipeReader(): { readonly read: ReadLine; readonly close: () => void } {
  const reader = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  const lines = reader[Symbol.asyncIterator]();
  const read: ReadLine = async (prompt) => {
    process.stdout.write(`${prompt}\n`);
    const next = await lines.next();
    return next.done === true ? undefined : next.value;
  };
  return { read, close: () => reader.close() };
}

interface ReadUntilOptions<T> {
  readonly read: ReadLine;
  readonly prompt: string;
  readonly parse: (line: string) => T | undefined;
}

async function readUntil<T>({ read, prompt, parse }: ReadUntilOptions<T>): Promise<T | undefined> {
  for (;;) {
    const line = await read(prompt);
    const answer = line === undefined ? undefined : parse(line);
    if (line === undefined || answer !== undefined) return answer;
  }
}

function parseYesNo(line: string): boolean | undefined {
  if (/^\s*(y|yes)\s*$/i.test(line)) return true;
  return /^\s*(n|no)\s*$/i.test(line) ? false : undefined;
}

function parseChoice(line: string, choices: readonly string[]): string | undefined {
  const answer = line.trim();
  return choices.find((choice) => choice === answer) ?? choices[Number(answer) - 1];
}
