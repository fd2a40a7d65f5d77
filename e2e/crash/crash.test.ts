import { describe, expect, test } from "vitest";
import { runCampaign } from "./campaign/campaign.ts";
import { forgetfulStores, sqliteFiles } from "./campaign/store-factories.ts";

const limitMs = 240_000;

describe("a campaign of real kills", () => {
  test(
    "C28: runs killed at random instants on SQLite lose nothing and repeat nothing",
    async () => {
      const report = await runCampaign({ stores: sqliteFiles, kills: 40, seed: "ci", results: undefined });
      expect(report.failed).toEqual([]);
      expect(report.kills).toBeGreaterThanOrEqual(30);
    },
    limitMs,
  );

  test(
    "finds out a store that forgets: repeated effects, repeated model calls, events that changed",
    async () => {
      const report = await runCampaign({
        stores: forgetfulStores,
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
});
