import { describe, expect, test } from "vitest";
import { runCampaign } from "./campaign/campaign.ts";
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
});
