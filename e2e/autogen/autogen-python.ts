import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { it } from "vitest";

/** What is installed for these tests: `.ci/run` does it. */
export const autogenPackages = ["autogen-agentchat==0.7.5", "autogen-ext[openai]==0.7.5"] as const;

const python =
  process.env["AUTOGEN_PYTHON"] ?? join(import.meta.dirname, "..", "..", "out", "autogen", "bin", "python");
const missing = existsSync(python)
  ? undefined
  : `no AutoGen: python3 -m venv out/autogen && out/autogen/bin/pip install ${autogenPackages.map((name) => `'${name}'`).join(" ")}`;

/** `it`, where the real AutoGen is; without it skipped with the reason, and red in CI. */
export function itWithAutoGen(name: string, test: () => Promise<void>): void {
  if (missing === undefined || process.env["CI"] === "true") it(name, test, 120_000);
  else it.skip(`${name} (${missing})`);
}

/** Runs one of the Python programs beside this file and reads the objects it prints, one a line. Leaves nothing behind. */
export async function runPython(program: string, input: readonly unknown[] = []): Promise<readonly unknown[]> {
  const folder = mkdtempSync(join(tmpdir(), "troupe-autogen-"));
  try {
    const script = join(import.meta.dirname, "python", program);
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1", OPENAI_API_KEY: "no-key" };
    const child = execFile(python, [script], { cwd: folder, env, maxBuffer: 50_000_000, timeout: 100_000 });
    const { stdin, stdout, stderr } = child;
    if (stdin === null || stdout === null || stderr === null) throw new Error("a child has pipes");
    const ended = new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
    stdin.on("error", () => {});
    stdin.end(input.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const [printed, errors, code] = await Promise.all([text(stdout), text(stderr), ended]);
    if (code !== 0) throw new Error(`${program} ended with ${code}:\n${errors.slice(-2_000)}`);
    return printed
      .split("\n")
      .filter((line) => line !== "")
      .map((line): unknown => JSON.parse(line));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
