import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { expect, test } from "vitest";

const csv = readFileSync(new URL("../data/barley.csv", import.meta.url), "utf8");

interface Yield {
  readonly variety: string;
  readonly site: string;
  readonly year: number;
  readonly yield: number;
}

function byPlace(rows: readonly Yield[]): readonly string[] {
  return rows.map((row) => `${row.variety}|${row.site}|${row.year}|${row.yield}`).toSorted();
}

test("the barley table holds the 120 yields of vega-datasets, figure by figure", () => {
  const path = new URL("data/barley.json", `file://${findPackageJSON("vega-datasets", import.meta.url)}`);
  const reference = JSON.parse(readFileSync(path, "utf8")) as readonly Yield[];
  const [head, ...lines] = csv.trimEnd().split("\n");
  expect(head).toBe("variety,site,year,yield");
  const rows = lines.map((line) => {
    const [variety = "", site = "", year, amount] = line.split(",");
    return { variety, site, year: Number(year), yield: Number(amount) };
  });
  expect(rows).toHaveLength(120);
  expect(byPlace(rows)).toEqual(byPlace(reference));
});

test("the anomaly is in the data: at Morris no variety yields more in 1931, at every other site 9 or 10 of 10 do", () => {
  const more = new Map<string, number>();
  const yields = new Map<string, number>();
  for (const line of csv.trimEnd().split("\n").slice(1)) {
    const [variety = "", site = "", year = "", amount] = line.split(",");
    yields.set(`${site}|${variety}|${year}`, Number(amount));
    more.set(site, 0);
  }
  for (const [key, amount] of yields) {
    const [site = "", variety = "", year] = key.split("|");
    const later = yields.get(`${site}|${variety}|1932`) ?? Number.NaN;
    if (year === "1931" && amount > later) more.set(site, (more.get(site) ?? 0) + 1);
  }
  const { Morris: morris, ...others } = Object.fromEntries(more);
  expect(morris).toBe(0);
  expect(Object.values(others)).toHaveLength(5);
  for (const count of Object.values(others)) expect([9, 10]).toContain(count);
});
