import { describe, expect, test } from "vitest";
import { drawChart, isAgainst } from "./chart.ts";
import type { Figures } from "./figures.ts";
import { createScale } from "./scale.ts";

const figures: Figures = {
  roles: { file: "t.csv", separator: ",", measure: "height <cm>", axis: "year", groups: ["field", "kind"] },
  panelColumn: "field",
  lineColumn: "kind",
  ends: ["2001", "2002"],
  rowCount: 8,
  skipped: 0,
  all: { name: "all rows", before: 20, after: 16 },
  panels: [
    {
      name: "north & east",
      before: 30,
      after: 20,
      falls: 2,
      rises: 0,
      lines: [
        { name: "oak", before: 30, after: 20 },
        { name: "elm", before: 31, after: null },
      ],
    },
    { name: "south", before: 10, after: 12, falls: 0, rises: 1, lines: [{ name: "oak", before: 10, after: 12 }] },
  ],
};

describe("drawChart", () => {
  const svg = drawChart(figures);

  test("draws one panel per group and one mark per value that exists", () => {
    expect(svg.match(/<circle [^>]*r="4"/g)).toHaveLength(3 + 1);
    expect(svg.match(/<path d="M/g)).toHaveLength(2 + 1);
    expect(svg).toContain("north &amp; east");
    expect(svg).toContain("height &lt;cm&gt; by field, kind, year");
  });

  test("tints the panel that moves against the whole, and only that one", () => {
    expect(svg.match(/<rect [^>]*fill="#fff1c9"/g)).toHaveLength(1 + 1);
    expect(isAgainst({ name: "south", before: 10, after: 12 }, figures.all)).toBe(true);
    expect(isAgainst({ name: "north", before: 30, after: 20 }, figures.all)).toBe(false);
    expect(isAgainst({ name: "half", before: null, after: 20 }, figures.all)).toBe(false);
  });

  test("says in words what it shows and needs nothing from outside", () => {
    expect(svg).toContain("north &amp; east: 30 to 20; south: 10 to 12");
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/https?:|href|url\(|<script|<image/);
  });

  test("keeps marks inside their panel", () => {
    for (const [, x] of svg.matchAll(/<circle cx="([\d.-]+)"/g)) expect(Number(x)).toBeGreaterThanOrEqual(0);
  });
});

describe("createScale", () => {
  test.each([
    ["ordinary values", [14.4, 65.8], { low: 10, high: 70 }],
    ["one value", [5, 5], { low: 5, high: 6 }],
    ["no value", [], { low: 0, high: 1 }],
    ["negative values", [-0.03, 0.02], { low: -0.03, high: 0.02 }],
  ])("covers %s with round ticks", (_name, values, expected) => {
    const scale = createScale(values);
    expect(scale.low).toBeCloseTo(expected.low, 9);
    expect(scale.high).toBeCloseTo(expected.high, 9);
    expect(scale.ticks.length).toBeGreaterThan(1);
    expect(scale.ticks.length).toBeLessThanOrEqual(9);
  });
});
