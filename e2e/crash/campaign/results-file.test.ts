import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CampaignStart, type ResultLine, ResultsFile } from "./results-file.ts";

const start: CampaignStart = {
  campaign: "sqlite seed 10",
  program: "abc",
  sizes: [{ scenario: "assistant", events: 1, writes: 2, requests: 3, durationMs: 4 }],
};

function line(index: number, violations: readonly string[] = []): ResultLine {
  const how = { scenario: "assistant", kills: [], entrances: [], durability: "step" } as const;
  return { campaign: start.campaign, index, ...how, deaths: 1, unknown: 0, violations, durationMs: 5 };
}

describe("the results of a campaign", () => {
  let folder: string;
  let results: ResultsFile;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "troupe-results-"));
    results = new ResultsFile(join(folder, "deep", "results.jsonl"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test("are what was added, by campaign", async () => {
    expect(await results.read(start.campaign)).toEqual({ start: undefined, done: [] });
    await results.begin(start);
    await results.add(line(0), undefined);
    await results.add({ ...line(1), campaign: "another" }, undefined);
    expect(await results.read(start.campaign)).toEqual({ start, done: [line(0)] });
  });

  test("R1: a line that was cut off counts for nothing and spoils no other", async () => {
    await results.begin(start);
    await results.add(line(0), undefined);
    await appendFile(results.path, JSON.stringify(line(1)).slice(0, 40));
    await results.add(line(2), undefined);
    expect(await results.read(start.campaign)).toEqual({ start, done: [line(0), line(2)] });
  });

  test("what is known of a case that went wrong is kept beside them, until they are cleared", async () => {
    await results.begin(start);
    const evidence = { lives: [], calls: [], cells: [], logs: { "cell/1": [] } };
    const first = await results.add(line(7, ["lost"]), evidence);
    const second = await results.addAgain(line(7, ["lost again"]), evidence);
    expect(JSON.parse(await readFile(first ?? "", "utf8"))).toEqual({ ...line(7, ["lost"]), evidence });
    expect(JSON.parse(await readFile(second ?? "", "utf8"))).toMatchObject({ violations: ["lost again"] });
    expect((await results.read(start.campaign)).done).toEqual([line(7, ["lost"])]);
    await results.clear();
    await expect(readFile(first ?? "", "utf8")).rejects.toThrow("ENOENT");
    expect(await results.read(start.campaign)).toEqual({ start: undefined, done: [] });
  });
});
