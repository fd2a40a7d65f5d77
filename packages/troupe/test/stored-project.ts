import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";
import { type CommandOptions, type CommandOutcome, troupe } from "./run-command-line.ts";

const scratch = mkdtempSync(join(tmpdir(), "troupe-durable-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
/** A file of the fixtures. */
export const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
/** A team that counts what it calls outside. */
export const team = fixture("counting-team.ts");

/** A project of its own: runs the command in it, and counts what the team called outside. */
export function project(): {
  readonly folder: string;
  run(args: readonly string[], options?: CommandOptions): Promise<CommandOutcome>;
  calls(): readonly string[];
} {
  const folder = mkdtempSync(join(scratch, "project-"));
  const callFile = join(folder, "calls.txt");
  return {
    folder,
    run: (args, options = {}) => {
      const environment = { TROUPE_STORE: "", TROUPE_TEST_CALLS: callFile, ...options.environment };
      return troupe(args, { cwd: folder, ...options, environment });
    },
    calls: () => (existsSync(callFile) ? readFileSync(callFile, "utf8").trimEnd().split("\n") : []),
  };
}

/** A run as `troupe runs --json` shows it. */
export interface Listed {
  readonly runId: string;
  readonly team: string;
  readonly status: string;
  readonly end?: string;
  readonly events: number;
  readonly questions: number;
}

/** The stored runs of a project. */
export async function list(home: ReturnType<typeof project>, ...args: string[]): Promise<Listed[]> {
  const { stdout, stderr } = await home.run(["runs", "--json", ...args]);
  expect(stderr).toBe("");
  return JSON.parse(stdout) as Listed[];
}

/** What was said, without the streaming and the figures. */
export function saidIn(json: string): string[] {
  const { messages } = JSON.parse(json) as {
    readonly messages: readonly { readonly source: string; readonly text: string }[];
  };
  return messages.map(({ source, text }) => `${source}: ${text}`);
}
