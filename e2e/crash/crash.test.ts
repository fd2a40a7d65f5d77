import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCampaign } from "./campaign/campaign.ts";
import { ResultsFile } from "./campaign/results-file.ts";
import { missingStores, openStores } from "./campaign/store-factories.ts";

const limitMs = 300_000;

describe("a campaign of real kills", () => {
  describe.each([
    { kind: "sqlite", kills: 20 },
    { kind: "postgres", kills: 20 },
  ])("on $kind", async ({ kind, kills }) => {
    const missing = await missingStores(kind);

    test.skipIf(missing !== undefined)(
      "C28: runs of every kind of team lose nothing and repeat nothing",
      async () => {
        const stores = await openStores(kind);
        try {
          const report = await runCampaign({ stores: stores.factory, kills, seed: "ci", results: undefined });
          expect(report.failed).toEqual([]);
          expect(report.kills).toBeGreaterThanOrEqual(kills);
        } finally {
          await stores.close();
        }
      },
      limitMs,
    );
  });

  test(
    "finds out a store that forgets: repeated effects, events that vanished, events that changed",
    async () => {
      const stores = await openStores("memory");
      const report = await runCampaign({
        stores: stores.factory,
        kills: 6,
        seed: "forgetful",
        scenarios: ["assistant"],
        results: undefined,
      });
      const violations = report.failed.flatMap((line) => line.violations).join("\n");
      expect(violations).toMatch(/took effect 2 times/);
      expect(violations).toMatch(/was shown, but is not in the log/);
      expect(violations).toMatch(/event 1 changed/);
    },
    limitMs,
  );

  test(
    "goes on where it was interrupted, plays one case again, and refuses results of other sources",
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "troupe-resumed-"));
      const stores = await openStores("sqlite");
      const results = new ResultsFile(join(folder, "results.jsonl"));
      const options = { stores: stores.factory, kills: 6, seed: "resumed", scenarios: ["approval"], results };
      const campaign = "sqlite resumed 6 approval";
      try {
        const stopping = new AbortController();
        const onCase = (): void => stopping.abort();
        await runCampaign({ ...options, parallel: 1, signal: stopping.signal, onCase });
        const first = await results.read(campaign);
        expect(first.done).toHaveLength(1);

        const report = await runCampaign(options);
        const { start, done } = await results.read(campaign);
        expect(start).toEqual(first.start);
        expect(report.failed).toEqual([]);
        expect([report.kills, report.cases]).toEqual([done.reduce((sum, { deaths }) => sum + deaths, 0), done.length]);
        expect(report.kills).toBeGreaterThanOrEqual(6);
        expect(done.slice(0, 1)).toEqual(first.done);
        expect(new Set(done.map(({ index }) => index)).size).toBe(done.length);

        const index = done[0]?.index ?? -1;
        const again = await runCampaign({ ...options, only: { index, times: 2 } });
        expect([again.cases, again.failed]).toEqual([2, []]);
        expect((await results.read(campaign)).done).toEqual(done);

        await results.clear();
        await results.begin({ campaign, program: "of older sources", sizes: [] });
        await expect(runCampaign(options)).rejects.toThrow("The sources have changed");
      } finally {
        await stores.close();
        await rm(folder, { recursive: true, force: true });
      }
    },
    limitMs,
  );
});
