/**
 * What is known of campaigns, one line of JSON each, so that one that was interrupted can go on.
 *
 * Owns: the file and a folder beside it with the cases that went wrong. Does not own: what the lines say.
 * Invariants:
 * R1. A line that was cut off, by the death of whoever wrote it, counts for nothing and spoils no other.
 */
import { appendFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CaseEvidence } from "../case/case-evidence.ts";
import type { CasePlan, ScenarioSize } from "./kill-plan.ts";

/** What a campaign began with: its plan follows from it. */
export interface CampaignStart {
  /** Which campaign: store, seed, number of kills, scenarios. */
  readonly campaign: string;
  /** Digest of what the workers ran. */
  readonly program: string;
  readonly sizes: readonly ScenarioSize[];
}

/** One case: its plan, and what came of it. */
export interface ResultLine extends CasePlan {
  readonly campaign: string;
  /** Processes that were really killed. */
  readonly deaths: number;
  /** Steps that ended as unknown. */
  readonly unknown: number;
  readonly violations: readonly string[];
  readonly durationMs: number;
}

/** What a file has about one campaign. */
export interface KnownResults {
  readonly start: CampaignStart | undefined;
  readonly done: readonly ResultLine[];
}

/** A file of results. */
export class ResultsFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async read(campaign: string): Promise<KnownResults> {
    const lines = (await this.#text()).split("\n").flatMap(parse);
    const own = lines.filter((line) => line.campaign === campaign);
    return {
      start: own.find((line) => "sizes" in line),
      done: own.flatMap((line) => ("sizes" in line ? [] : [line])),
    };
  }

  /** Before the first case. */
  async begin(start: CampaignStart): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    await this.#append(start);
  }

  /** Once a case is done. What is known of one that went wrong goes to a file of its own, whose path is returned. */
  async add(line: ResultLine, evidence: CaseEvidence | undefined): Promise<string | undefined> {
    const kept = evidence && (await this.#keep(`${line.campaign} ${line.index}`, { ...line, evidence }));
    await this.#append(line);
    return kept;
  }

  /** Keeps what a case that was played again came to, apart from what it came to before. */
  async addAgain(line: ResultLine, evidence: CaseEvidence | undefined): Promise<string | undefined> {
    return evidence && (await this.#keep(`${line.campaign} ${line.index} again`, { ...line, evidence }));
  }

  async clear(): Promise<void> {
    await rm(this.path, { force: true });
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #folder(): string {
    return `${this.path.replace(/\.\w+$/u, "")}-failed`;
  }

  async #keep(name: string, content: unknown): Promise<string> {
    const path = join(this.#folder, `${name.replaceAll(/[^\w-]+/gu, "-")}.json`);
    await mkdir(this.#folder, { recursive: true });
    await writeFile(path, `${JSON.stringify(content, null, 2)}\n`);
    return path;
  }

  /** Each line begins with its end: so it stands alone whatever comes before. */
  async #append(line: CampaignStart | ResultLine): Promise<void> {
    await appendFile(this.path, `\n${JSON.stringify(line)}\n`);
  }

  async #text(): Promise<string> {
    return readFile(this.path, "utf8").catch((error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
      throw error;
    });
  }
}

function parse(line: string): readonly (CampaignStart | ResultLine)[] {
  try {
    return line === "" ? [] : [JSON.parse(line) as CampaignStart | ResultLine];
  } catch {
    return [];
  }
}
