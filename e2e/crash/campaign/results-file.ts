import { appendFile, mkdir, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { CasePlan } from "./kill-plan.ts";

/** One case as the results file keeps it, one line of JSON each: its plan, and what came of it. */
export interface ResultLine extends CasePlan {
  /** Which campaign: store, seed and number of kills. */
  readonly campaign: string;
  /** Processes that were really killed. */
  readonly deaths: number;
  /** Steps that ended as unknown. */
  readonly unknown: number;
  readonly violations: readonly string[];
  readonly durationMs: number;
}

/** The results of campaigns, appended as they come, so that an interrupted campaign can go on. */
export class ResultsFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The cases of a campaign that are done. A line that was cut off does not count. */
  async read(campaign: string): Promise<readonly ResultLine[]> {
    const text = await readFile(this.path, "utf8").catch((error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
      throw error;
    });
    return text.split("\n").flatMap((line) => {
      const parsed = parse(line);
      return parsed?.campaign === campaign ? [parsed] : [];
    });
  }

  async add(line: ResultLine): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    await appendFile(this.path, `${JSON.stringify(line)}\n`);
  }

  async clear(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

function parse(line: string): ResultLine | undefined {
  try {
    return JSON.parse(line) as ResultLine;
  } catch {
    return undefined;
  }
}
