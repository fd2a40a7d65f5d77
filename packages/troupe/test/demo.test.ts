import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CommandOutcome, troupe } from "./run-command-line.ts";

const barley = readFileSync(new URL("../data/barley.csv", import.meta.url), "utf8");
const scratch = mkdtempSync(join(tmpdir(), "troupe-demo-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Demonstration extends CommandOutcome {
  readonly report: string;
  readonly page: string;
  readonly chart: string;
}

async function demonstrate(name: string, csv: string | undefined): Promise<Demonstration> {
  const out = join(scratch, name);
  if (csv !== undefined) writeFileSync(join(scratch, `${name}.csv`), csv);
  const data = csv === undefined ? [] : ["--data", join(scratch, `${name}.csv`)];
  const outcome = await troupe(["demo", "--out", out, ...data], { cwd: scratch });
  expect({ exitCode: outcome.exitCode, stderr: outcome.stderr }).toEqual({ exitCode: 0, stderr: "" });
  const read = (file: string): string => readFileSync(join(out, file), "utf8");
  return { ...outcome, report: read("report.md"), page: read("run.html"), chart: read("chart.svg") };
}

const swapYears = (line: string): string =>
  line.replace(/,193[12],/, (year) => (year === ",1931," ? ",1932," : ",1931,"));

describe("the demonstration on the barley trial", () => {
  let demo: Demonstration;
  beforeAll(async () => {
    demo = await demonstrate("barley", undefined);
  });

  test("names the stand-in model in its first line", () => {
    expect(demo.stdout.split("\n")[0]).toContain("Stand-in model");
    expect(demo.stdout.split("\n")[0]).toContain("no language model is called");
  });

  test("names the source of its data", () => {
    expect(demo.stdout.replaceAll(/\s+/g, " ")).toContain("USDA Technical Bulletin 735");
    expect(demo.stdout).toContain("120 rows");
  });

  test("takes less than 20 seconds", () => {
    expect(demo.durationMs).toBeLessThan(20_000);
  });

  test("shows on screen that the sandbox refuses require and fetch", () => {
    expect(demo.stdout).toMatch(/refused +require\("node:fs"\)/);
    expect(demo.stdout).toMatch(/refused +await fetch\(/);
    expect(demo.stdout).not.toContain("ALLOWED");
  });

  test("shows who speaks, what runs and how long", () => {
    const speakers = [...demo.stdout.matchAll(/^ +\d+\.\d\d s +(\w+)/gm)].map(([, speaker]) => speaker);
    expect(speakers.slice(0, 4)).toEqual(["analyst", "runner", "reviewer", "reviewer"]);
    expect(demo.stdout).toMatch(/ran the analyst's program, [\d.]+ m?s/);
    expect(demo.stdout).toMatch(/ran a program of its own, [\d.]+ m?s/);
    expect(demo.stdout).toMatch(/\[program of \d+ lines, [\d.]+ m?s\]/);
  });

  test("the analyst reports the overall change, the reviewer finds Morris by code of its own and sends it back", () => {
    const headline = demo.stdout.indexOf("falls from 37.08 to 31.76 (-5.31)");
    const objection = demo.stdout.indexOf('REVISE: in "site" the part ["Morris"]');
    const approval = demo.stdout.indexOf("APPROVE:");
    expect(headline).toBeGreaterThan(0);
    expect(objection).toBeGreaterThan(headline);
    expect(approval).toBeGreaterThan(objection);
    expect(demo.stdout).toContain("site Morris: 29.29 -> 41.51; 0 pairs fall, 10 rise");
  });

  test("the report names Morris, gives the figures with and without it, and says what the table cannot decide", () => {
    expect(demo.report).toMatch(/In site Morris the mean rises from 29\.29 to 41\.51 \(\+12\.23\)/);
    expect(demo.report.replaceAll("\n", " ")).toContain("0 of 10 there, 48 of 50 elsewhere");
    expect(demo.report).toMatch(/With site Morris the change is -5\.31\./);
    expect(demo.report).toMatch(/Without, the mean falls from 38\.64 to 29\.81 \(-8\.82\), over 100 rows/);
    expect(demo.report).toMatch(/What the table cannot decide.*exchanged.*mistake at data entry and a real effect/s);
    expect(demo.report).toMatch(/\| Morris \| 29\.29 \| 41\.51 \| \+12\.23 \| 0 \| 10 \| against the whole \|/);
    expect(demo.report).toContain("stand-in model");
  });

  test("the chart has a panel per site, two marks per variety, and tints Morris alone", () => {
    expect(
      demo.chart.match(/font-weight="600">(Waseca|Crookston|Morris|University Farm|Duluth|Grand Rapids)</g),
    ).toHaveLength(6);
    expect(demo.chart.match(/<circle [^>]*r="4"/g)).toHaveLength(60 + 1);
    expect(demo.chart.match(/<path d="M/g)).toHaveLength(60 + 1);
    expect(demo.chart.match(/fill="#fff1c9"[^>]*\/>\s*<text[^>]*>Morris/g)).toHaveLength(1);
  });

  test("the page is one file: timeline, chart, conversation, nothing from outside, no script", () => {
    expect(demo.page).toContain('class="timeline"');
    expect(demo.page).toContain("Morris");
    expect(demo.page).toContain("<details");
    const markup = demo.page.replaceAll('xmlns="http://www.w3.org/2000/svg"', "");
    expect(markup).not.toMatch(/<script|<link|<img|<iframe|\bsrc=|\bhref=|@import|url\(/);
  });

  test("ends with what was real, what stood in, and turns, tokens, cost, time and stop reason", () => {
    const tables = demo.stdout.slice(demo.stdout.indexOf("What was real"));
    for (const name of ["runtime", "sandbox", "data", "figures", "chart"])
      expect(tables).toMatch(new RegExp(`^  ${name} `, "m"));
    expect(tables).toMatch(/What stood in\n {2}the model's words .*no model/s);
    expect(tables).toMatch(/^ {2}turns +12$/m);
    expect(tables).toMatch(/^ {2}tokens +≈ \d+ in, ≈ \d+ out \(≈: estimated/m);
    expect(tables).toMatch(/^ {2}cost +nothing/m);
    expect(tables).toMatch(/^ {2}time +[\d.]+ m?s$/m);
    expect(tables).toMatch(/^ {2}stopped by +condition: .*"reviewer" said "APPROVE"/m);
  });
});

describe("on a table it never saw, the stand-in reacts to what is there", () => {
  test("Morris's years swapped: approved at the first review, and the report says so", async () => {
    const csv = barley
      .split("\n")
      .map((line) => (line.includes(",Morris,") ? swapYears(line) : line))
      .join("\n");
    const { stdout, report } = await demonstrate("swapped", csv);
    expect(stdout).not.toContain("REVISE");
    expect(stdout).toMatch(/^ {2}turns +6$/m);
    expect(report).toMatch(
      /APPROVE: at the first review\. Recomputed by variety and site, none of the 16 groups contradicts/,
    );
    expect(report).not.toContain("against the whole");
  });

  test("columns renamed and reordered: the same finding in the new words", async () => {
    const csv = barley
      .split("\n")
      .map((line) => line.split(",").toReversed().join(";"))
      .join("\n")
      .replace("yield;year;site;variety", "Ertrag;Jahr;Ort;Sorte");
    const { report } = await demonstrate("renamed", csv);
    expect(report).toMatch(/In Ort Morris the mean rises from 29\.29 to 41\.51/);
    expect(report).toContain("The mean of Ertrag falls");
  });

  test("a word in a number column: the sandbox fails, the stand-in reads the error and repairs", async () => {
    const { stdout, report } = await demonstrate(
      "word",
      barley.replace("Waseca,1931,48.86667", "Waseca,1931,illegible"),
    );
    expect(stdout).toContain("the analyst's program failed with exit code 1");
    expect(stdout).toContain('"illegible" in column yield is not a number');
    expect(stdout).toContain("FAILED:");
    expect(stdout).toContain("I leave such rows out");
    expect(report).toContain("Rows left out because they hold no number: 1.");
    expect(report).toContain("In site Morris the mean rises");
  });

  test("another world altogether: quoted cells, text axis, several odd groups", async () => {
    const rows = Array.from({ length: 240 }, (_, index) => {
      const isLater = index % 2 === 1;
      const shop = Math.floor(index / 2) % 8;
      const change = isLater ? (shop < 2 ? -9 : 9) : 0;
      return `${index},"${isLater ? "now, new" : "before"}","shop ""${shop}""",${(50 + change + ((index * 37) % 11) / 10).toFixed(2)}`;
    });
    const { report } = await demonstrate("shops", ["id,plan,shop,sales", ...rows].join("\n"));
    expect(report).toMatch(
      /The mean of sales rises from [\d.]+ to [\d.]+ .* between plan before and now, new, over 240 rows/,
    );
    expect(report).toMatch(/In shop shop "0", shop "1" the mean falls/);
    expect(report).toMatch(/\| shop "1" \|.*\| against the whole \|/);
  });

  test("50,000 rows", async () => {
    const [head, ...lines] = barley.trimEnd().split("\n");
    const many = Array.from({ length: 417 }, () => lines.join("\n")).join("\n");
    const { stdout, report } = await demonstrate("many", `${head}\n${many}\n`);
    expect(stdout).toContain("50040 rows");
    expect(report).toContain("In site Morris the mean rises");
  }, 60_000);

  test.each([
    ["an empty file", "", "is empty"],
    ["a header alone", "a,b\n", "has a header but no rows"],
  ])("%s is refused with a typed error", async (name, csv, problem) => {
    const path = join(scratch, `${name}.csv`);
    writeFileSync(path, csv);
    const { exitCode, stderr } = await troupe(["demo", "--data", path, "--out", join(scratch, "none")]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(problem);
    expect(stderr).toMatch(/code: config\.invalid_option\n {2}remedy: \S/);
  });

  test("a place where nothing can be written is refused with a typed error", async () => {
    const { exitCode, stderr } = await troupe(["demo", "--out", join(scratch, "many.csv", "out")]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/cannot be written.*\n {2}code: config\.invalid_option/);
  });

  test("a file that is not there is refused with a typed error", async () => {
    const { exitCode, stderr } = await troupe(["demo", "--data", join(scratch, "nowhere.csv")]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("cannot be read");
  });

  test("a table that the stand-in has no rule for ends with its own error, not with an invented answer", async () => {
    const path = join(scratch, "words.csv");
    writeFileSync(path, "a,b\nx,y\nz,w\nq,r\n");
    const { exitCode, stderr } = await troupe(["demo", "--data", path, "--out", join(scratch, "none")]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("model.stand_in_cannot");
  });
});

test("Ctrl+C ends the demonstration", async () => {
  const { exitCode, stderr } = await troupe(["demo", "--out", join(scratch, "stopped")], {
    interruptAt: ["The sandbox, before"],
  });
  expect(exitCode).toBe(130);
  expect(stderr).toContain("stopping");
  expect(stderr).not.toContain("error:");
});

describe("models", () => {
  test("a key in the environment only makes the last line offer the command; nothing is called", async () => {
    const calls: string[] = [];
    const server = createServer((request, response) => {
      calls.push(request.url ?? "");
      response.writeHead(500).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const environment = { OPENAI_API_KEY: "sk-secret", OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` };
    const { stdout } = await troupe(["demo", "--out", join(scratch, "keyed")], { environment });
    await new Promise((resolve) => server.close(resolve));
    const lastLine = stdout.trimEnd().split("\n").at(-1);
    expect(lastLine).toContain("npx troupe demo --model openai:gpt-5-mini");
    expect(stdout.indexOf("openai:")).toBe(stdout.lastIndexOf("openai:"));
    expect(stdout).not.toContain("sk-secret");
    expect(calls).toEqual([]);
  });

  test("without a key nothing is offered", async () => {
    const { stdout } = await troupe(["demo", "--out", join(scratch, "plain")]);
    expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/^Wrote /);
  });

  test.each([
    ["an unknown provider", "acme:best", "config.invalid_model"],
    ["a model without its key", "openai:gpt-5-mini", "config.missing_key"],
  ])("%s is refused with a typed error", async (_name, id, code) => {
    const { exitCode, stderr } = await troupe(["demo", "--model", id, "--out", join(scratch, "none")]);
    expect([1, 2]).toContain(exitCode);
    expect(stderr).toContain(code);
  });
});
