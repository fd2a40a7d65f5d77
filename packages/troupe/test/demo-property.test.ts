import { InProcessRuntime } from "@troupe/core";
import { wasmExecutor } from "@troupe/wasm-exec";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { type DemoOutcome, runDemo } from "../src/demo/run-demo.ts";
import { standInModel } from "../src/demo/stand-in/stand-in-model.ts";
import { lastReport, lastVerdict } from "../src/demo/story.ts";
import { parseTable } from "../src/demo/table/table.ts";

const executor = wasmExecutor();
afterAll(() => executor.close());

async function investigate(csv: string): Promise<DemoOutcome & { readonly screen: string }> {
  const printed: string[] = [];
  const screen = { write: (text: string) => void printed.push(text), status: () => {}, isColoured: false, width: 110 };
  const runtime = new InProcessRuntime();
  try {
    const table = parseTable("t.csv", csv);
    const now = (): number => performance.now();
    const options = {
      table,
      dataName: "t.csv",
      model: standInModel(),
      isStandIn: true,
      executor,
      runtime,
      screen,
      now,
    };
    return { ...(await runDemo(options)), screen: printed.join("") };
  } finally {
    await runtime.close();
  }
}

/** Names that a careless program trips over: separators, quotes, brackets, line breaks, mark-up, other scripts. */
const awkward = [
  "a,b",
  'the "north"',
  "x] y",
  "<b>&amp;",
  "Zürich",
  "東京",
  "tab\there",
  "two\nlines",
  "`${1}`",
  "$&",
  "\\n",
  "it's",
];
const quote = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;

interface World {
  readonly csv: string;
  readonly odd: string | undefined;
  readonly before: number;
  readonly after: number;
  readonly blanks: number;
}

/** A table whose truth is known: every group moves by +10, but for one that may move by -20. */
const worlds = fc
  .record({
    groups: fc.uniqueArray(fc.constantFrom(...awkward), { minLength: 4, maxLength: 6 }),
    names: fc.uniqueArray(fc.constantFrom("region", "Größe", "year built", "a-b", 'quo"te', "constructor"), {
      minLength: 3,
      maxLength: 3,
    }),
    ends: fc.constantFrom(["2001", "2002"], ["before", "after all"], ["A,1", "B;2"]),
    isOdd: fc.boolean(),
    blanks: fc.integer({ min: 0, max: 2 }),
    noise: fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 8, maxLength: 8 }),
  })
  .map(({ groups, names, ends, isOdd, blanks, noise }): World => {
    const odd = isOdd ? groups[0] : undefined;
    const [first = "", last = ""] = ends.toSorted();
    const rows = groups.flatMap((group) =>
      [first, last].flatMap((end) =>
        noise.map((n, index) => {
          const move = end === last ? (group === odd ? -20 : 10) : 0;
          return { group, end, value: (100 + move + ((n + index * 7) % 50) / 25).toFixed(2) };
        }),
      ),
    );
    const lost = rows.map((row, index) => ({ ...row, isLost: index % 17 === 16 && index / 17 < blanks }));
    const kept = lost.filter((row) => !row.isLost);
    const mean = (end: string): number => {
      const values = kept.filter((row) => row.end === end).map((row) => Number(row.value));
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const lines = lost.map(({ group, end, value, isLost }) =>
      [end, isLost ? "unreadable" : value, group].map(quote).join(","),
    );
    const csv = [names.map(quote).join(","), ...lines].join("\n");
    return { csv, odd, before: mean(first), after: mean(last), blanks: lost.length - kept.length };
  });

test("whatever the table is called, the headline is right and exactly the planted contradiction is found", async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async ({ csv, odd, before, after, blanks }) => {
      const { story, files } = await investigate(csv);
      expect(story.end.kind).toBe("condition");
      const report = lastReport(story) ?? "";
      expect(report).toContain(`from ${before.toFixed(2)} to ${after.toFixed(2)}`);
      expect(report.includes(`hold no number: ${blanks}.`)).toBe(blanks > 0);
      expect(report.includes("One part contradicts it")).toBe(odd !== undefined);
      if (odd !== undefined) expect(report).toContain(`${odd} the mean falls`);
      else expect(lastVerdict(story)).toContain("APPROVE: at the first review");
      expect(files["run.html"]).not.toMatch(/<b>|<script/);
      expect(files["chart.svg"]).toContain("</svg>");
    }),
    { numRuns: 25, seed: 1931 },
  );
}, 120_000);

test("control codes in a table reach neither the terminal nor the page", async () => {
  const rows = Array.from(
    { length: 40 },
    (_, index) => `${index % 2},${(index * 1.5).toFixed(1)},"evil\u001B[2J${index % 4}"`,
  );
  const { screen, files } = await investigate(["when,amount,who", ...rows].join("\n"));
  expect(screen).toContain("evil");
  expect(`${screen}${files["run.html"]}${files["chart.svg"]}`).not.toContain("\u001B");
});
