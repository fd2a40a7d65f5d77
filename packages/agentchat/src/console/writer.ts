/** Where a run is printed. */
export interface RunWriter {
  write(text: string): void;
  /** True for a person at a terminal: colours, words as they come, a spinner. Elsewhere plain whole lines. */
  readonly isTerminal: boolean;
}

/** The process's standard output where there is one; lines of the console elsewhere (browsers, Workers). */
export function defaultWriter(): RunWriter {
  const output = memberOf(memberOf(globalThis, "process"), "stdout");
  const write = memberOf(output, "write");
  if (typeof write !== "function") return consoleWriter();
  const isQuiet = isSet("NO_COLOR") || isSet("CI");
  return {
    isTerminal: memberOf(output, "isTTY") === true && !isQuiet,
    write: (text) => void Reflect.apply(write, output, [text]),
  };
}

/** https://no-color.org: set and not empty. */
function isSet(name: string): boolean {
  const value = memberOf(memberOf(memberOf(globalThis, "process"), "env"), name);
  return typeof value === "string" && value !== "";
}

function consoleWriter(): RunWriter {
  let rest = "";
  return {
    isTerminal: false,
    write: (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) console.log(line);
    },
  };
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
