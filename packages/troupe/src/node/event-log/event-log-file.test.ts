import { execFileSync, spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonValue, LogRecord } from "@troupe/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StoredEvent } from "./event-line.ts";
import { type EventLogFile, eventLogFile, type EventLogFileOptions } from "./event-log-file.ts";
import { lastLogged } from "./last-logged.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "troupe-event-log-"));
  path = join(folder, "runs.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const start = Date.UTC(2026, 0, 1);

/** A log whose clock stands still at the time of the events, unless the test turns it. */
const openLog = (options: Partial<EventLogFileOptions> = {}): EventLogFile =>
  eventLogFile({ path, now: () => start, ...options });

function stored(sequence: number, fields: { payload?: JsonValue; kind?: string; runId?: string } = {}): StoredEvent {
  const { payload = { text: `event ${sequence}` }, kind = "thought", runId = "r1" } = fields;
  const event = { runId, sequence, path: ["desk", "ada"], kind, payload, at: start + sequence };
  return { kind: "event-stored", cell: `desk/${runId}`, event };
}

interface Line {
  readonly sequence?: number;
  readonly kind: string;
  readonly count?: number;
  readonly [name: string]: unknown;
}

/** Every line of every file of the log, the oldest file first; a line that is no JSON shows as its text. */
function linesOf(file: string): (Line | string)[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((text) => text !== "")
    .map((text) => {
      try {
        return JSON.parse(text) as Line;
      } catch {
        return text;
      }
    });
}

const files = (): string[] => [
  ...readdirSync(folder)
    .filter((name) => name !== "runs.jsonl")
    .toSorted(),
  ...(existsSync(path) ? ["runs.jsonl"] : []),
];
const sequences = (): (number | string | undefined)[] =>
  files().flatMap((name) =>
    linesOf(join(folder, name)).map((line) => (typeof line === "string" ? line : (line.sequence ?? line.kind))),
  );
const faults = (): { readonly logger: { error: (record: LogRecord) => void }; readonly heard: string[] } => {
  const heard: string[] = [];
  return { heard, logger: { error: ({ message }) => void heard.push(message) } };
};

function observeAll(log: EventLogFile, from: number, to: number): void {
  for (let sequence = from; sequence <= to; sequence++) log.observe(stored(sequence));
}

describe("a line", () => {
  test("tells when, where, which number, who, what and at what cost", async () => {
    const log = openLog();
    const usage = { inputTokens: 12, outputTokens: 3, cachedInputTokens: 0, reasoningTokens: 0, estimated: false };
    log.observe(stored(1, { kind: "model-called", payload: { model: "m", usage, usd: 0.01, durationMs: 5 } }));
    log.observe({ ...stored(2), event: { ...stored(2).event, kind: "run-finished", end: "finished" } });
    await log.close();
    expect(linesOf(path)).toEqual([
      {
        at: "2026-01-01T00:00:00.001Z",
        cell: "desk/r1",
        runId: "r1",
        sequence: 1,
        path: ["desk", "ada"],
        kind: "model-called",
        cost: { model: "m", usd: 0.01, inputTokens: 12, outputTokens: 3 },
        payload: { model: "m", usage, usd: 0.01, durationMs: 5 },
      },
      expect.objectContaining({ sequence: 2, kind: "run-finished", end: "finished" }),
    ]);
    expect(linesOf(path)[1]).not.toHaveProperty("cost");
  });

  test("L4: is never longer than the limit: texts are cut, then the payload goes, and the line says so", async () => {
    const log = openLog({ maxLineBytes: 4_096 });
    log.observe(stored(1, { payload: { text: "é".repeat(50_000), kept: "short" } }));
    log.observe(stored(2, { payload: Object.fromEntries(Array.from({ length: 9_999 }, (_, i) => [`k${i}`, i])) }));
    log.observe(stored(3, { payload: null, runId: "x".repeat(100_000) }));
    await log.close();
    const [first, second, third] = linesOf(path) as Line[];
    expect(first).toMatchObject({ payload: { kept: "short" }, cutFromBytes: 100_000 + 26 });
    expect(first?.["payload"]).toMatchObject({ text: expect.stringMatching(/^é+\.\.\.$/) as unknown });
    expect(second).toMatchObject({ payload: null, sequence: 2 });
    expect(third).toMatchObject({ runId: "x".repeat(256), sequence: 3, kind: "thought" });
    for (const text of readFileSync(path, "utf8").split("\n")) expect(Buffer.byteLength(text)).toBeLessThan(4_096);
  });

  test("L4: holds no secret that is known by its form, its field or the environment, cut or whole", async () => {
    process.env["TROUPE_TEST_API_KEY"] = "plain.words+that*are(a)key";
    try {
      const log = openLog({ maxLineBytes: 4_096, redact: (text) => text.replaceAll("Rosebud", "***") });
      log.observe(
        stored(1, {
          payload: {
            text: "my key is sk-abcdefghijkl, and plain.words+that*are(a)key too; Rosebud",
            headers: { Authorization: "Basic dXNlcjpwYXNz", "x-api-key": "1234", accept: "text/html" },
            arguments: '{"password":"hunter2-hunter2","city":"Rome"}',
            url: "postgres://troupe:s3cr3t@localhost/troupe?token=abcdef",
            token: "tttt",
            inputTokens: 5,
          },
        }),
      );
      const long = `${"a ".repeat(1_020)}sk-${"abcdefgh".repeat(200)} end`;
      log.observe(stored(2, { payload: { long, more: long } }));
      await log.close();
    } finally {
      delete process.env["TROUPE_TEST_API_KEY"];
    }
    const text = readFileSync(path, "utf8");
    for (const secret of ["abcdefgh", "that*are", "Rosebud", "dXNlcjpwYXNz", "1234", "hunter2", "s3cr3t", "tttt"])
      expect(text).not.toContain(secret);
    const [line] = linesOf(path) as Line[];
    expect(line?.["payload"]).toMatchObject({ inputTokens: 5, headers: { accept: "text/html" } });
    expect(text).toContain("Rome");
    expect(text).toContain("postgres://troupe:[redacted]@localhost");
  });
});

describe("the file", () => {
  test("L1: has every event once and in order, over rotations, and goes on where the last process ended", async () => {
    const limits = { maxBytes: 8_192, maxLineBytes: 4_096, maxFiles: 100 };
    for (let process = 0; process < 3; process++) {
      const log = openLog(limits);
      observeAll(log, process * 100 + 1, process * 100 + 50);
      await log.flush();
      observeAll(log, process * 100 + 51, process * 100 + 100);
      await log.close();
    }
    expect(sequences()).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
    expect(files().length).toBeGreaterThan(3);
  });

  test("F2: is bounded in number and size, the newest lines stay", async () => {
    const log = openLog({ maxBytes: 8_192, maxLineBytes: 4_096, maxFiles: 3 });
    for (let sequence = 1; sequence <= 2_000; sequence++) {
      log.observe(stored(sequence));
      if (sequence % 100 === 0) await log.flush();
    }
    await log.close();
    expect(files()).toHaveLength(3);
    for (const name of files()) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(8_192);
    const kept = sequences();
    expect(kept.at(-1)).toBe(2_000);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 2_000 - kept.length + 1 + index));
  });

  test("F2: removes what a larger limit of before has left, and touches no other file", async () => {
    writeFileSync(join(folder, "runs.notes.jsonl"), "mine\n");
    writeFileSync(join(folder, "runs.20260101T000000000Z-abcdef.txt"), "mine\n");
    const limits = { maxBytes: 4_096, maxLineBytes: 4_096 };
    const before = openLog({ ...limits, maxFiles: 50 });
    observeAll(before, 1, 500);
    await before.close();
    expect(files().length).toBeGreaterThan(10);
    const after = openLog({ ...limits, maxFiles: 2 });
    await after.open();
    await after.close();
    expect(files()).toHaveLength(2 + 2);
    expect(readFileSync(join(folder, "runs.notes.jsonl"), "utf8")).toBe("mine\n");
  });

  test("F3: keeps no line longer than its age, and sets a file aside before it is due", async () => {
    const clock = { ms: start };
    const log = openLog({ maxAgeMs: 1_000, maxFiles: 4, now: () => clock.ms });
    for (let sequence = 1; sequence <= 40; sequence++) {
      clock.ms = start + sequence * 100;
      log.observe({ ...stored(sequence), event: { ...stored(sequence).event, at: clock.ms } });
      await log.flush();
    }
    await log.close();
    const kept = sequences();
    expect(kept.at(-1)).toBe(40);
    expect(kept.length).toBeGreaterThanOrEqual(6);
    expect(kept.length).toBeLessThanOrEqual(11);
    expect(files().length).toBeGreaterThan(1);
  });

  test("F1: a line that a dead process left unfinished stays alone, and the next begins on its own", async () => {
    writeFileSync(path, '{"at":"2026-01-01T00:00:00.000Z","sequence":1,"kind":"thought"}\n{"at":"2026-01-01T00:0');
    const log = openLog();
    observeAll(log, 2, 3);
    await log.close();
    expect(sequences()).toEqual([1, '{"at":"2026-01-01T00:0', 2, 3]);
  });

  test("F4: two writers of one path lose and cut nothing, rotations included", async () => {
    const limits = { maxBytes: 8_192, maxLineBytes: 4_096, maxFiles: 1_000 };
    const one = openLog(limits);
    const two = openLog(limits);
    for (let sequence = 1; sequence <= 500; sequence++) {
      one.observe(stored(sequence, { runId: "one" }));
      two.observe(stored(sequence, { runId: "two" }));
      if (sequence % 10 === 0) await Promise.all([one.flush(), two.flush()]);
    }
    await Promise.all([one.close(), two.close()]);
    const lines = files().flatMap((name) => linesOf(join(folder, name))) as Line[];
    for (const runId of ["one", "two"]) {
      const own = lines.filter((line) => line["runId"] === runId).map((line) => line.sequence ?? 0);
      expect(own.toSorted((left, right) => left - right)).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
    }
  });

  test("is for its owner's eyes, in folders that are made", async () => {
    const deep = join(folder, "logs", "of", "today", "runs.jsonl");
    const log = openLog({ path: deep });
    observeAll(log, 1, 1);
    await log.close();
    expect(statSync(deep).mode & 0o077).toBe(0);
  });
});

describe("lastLogged", () => {
  test("finds the last event of a run over all files, half lines and quotations left aside", async () => {
    const log = openLog({ maxBytes: 4_096, maxLineBytes: 4_096, maxFiles: 50 });
    observeAll(log, 1, 100);
    log.observe(stored(101, { runId: "other", payload: { text: '"runId":"r1","sequence":999' } }));
    await log.close();
    appendFileSync(path, '{"runId":"r1","sequence":500');
    expect(files().length).toBeGreaterThan(2);
    expect(await lastLogged(path, "r1")).toBe(100);
    expect(await lastLogged(path, "other")).toBe(101);
    expect(await lastLogged(path, "nobody")).toBe(0);
    expect(await lastLogged(join(folder, "no", "log.jsonl"), "r1")).toBe(0);
  });
});

describe("faults", () => {
  test.skipIf(!existsSync("/dev/full"))(
    "L3: a full disk is reported once, and what waits is written when there is room (skipped without /dev/full)",
    async () => {
      const clock = { ms: start };
      const { heard, logger } = faults();
      symlinkSync("/dev/full", path);
      const log = openLog({ logger, now: () => clock.ms });
      for (let sequence = 1; sequence <= 20; sequence++) {
        log.observe(stored(sequence));
        clock.ms += 500;
        await log.flush();
      }
      expect(heard).toEqual([expect.stringMatching(/runs\.jsonl" cannot be written: .*ENOSPC/)]);
      unlinkSync(path);
      clock.ms += 1_000;
      log.observe(stored(21));
      await log.close();
      expect(sequences()).toEqual(Array.from({ length: 21 }, (_, index) => index + 1));
      expect(heard).toHaveLength(1);
    },
  );

  test("L2: a disk that hangs holds up neither events nor memory; the gap is counted in its place", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const { heard, logger } = faults();
    // Opening a pipe for writing waits until somebody reads.
    const log = openLog({ path: pipe, maxLineBytes: 65_536, maxBytes: 10 ** 9, logger });
    const startedAt = performance.now();
    for (let sequence = 1; sequence <= 400; sequence++)
      log.observe(stored(sequence, { payload: { text: "x".repeat(40_000) } }));
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    const reader = spawn("cat", [pipe]);
    const chunks: Buffer[] = [];
    reader.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    const ended = new Promise((resolve) => reader.once("close", resolve));
    await log.flush();
    log.observe(stored(401));
    await log.close();
    await ended;
    const lines = Buffer.concat(chunks)
      .toString()
      .trimEnd()
      .split("\n")
      .map((text) => JSON.parse(text) as Line);
    const written = lines.filter((line) => line.sequence !== undefined);
    const gaps = lines.filter((line) => line.kind === "events-dropped");
    expect(gaps).toHaveLength(1);
    expect(written.length + (gaps[0]?.count ?? 0)).toBe(401);
    expect(lines.at(-1)?.sequence).toBe(401);
    expect(lines.at(-2)?.kind).toBe("events-dropped");
    // Eight megabytes of waiting lines, no more.
    expect(written.length).toBeLessThan((8 * 1_048_576) / 40_000 + 2);
    expect(heard).toEqual([]);
  });

  test("L2: a filter that throws costs the line, never the run", async () => {
    const { heard, logger } = faults();
    const redact = (text: string): string => {
      if (text === "event 2") throw new Error("cannot judge this");
      return text;
    };
    const log = openLog({ logger, redact });
    observeAll(log, 1, 3);
    await log.close();
    expect(sequences()).toEqual([1, "events-dropped", 3]);
    expect(heard).toEqual([expect.stringContaining("cannot judge this")]);
  });

  test("a place that cannot be written is refused by open, and reported once without it", async () => {
    writeFileSync(join(folder, "file"), "");
    const impossible = join(folder, "file", "runs.jsonl");
    await expect(openLog({ path: impossible }).open()).rejects.toMatchObject({ code: "config.invalid_option" });
    const { heard, logger } = faults();
    const log = openLog({ path: impossible, logger });
    observeAll(log, 1, 10);
    await log.close();
    expect(heard).toHaveLength(1);
  });

  test("a file that is deleted or replaced under its writer is begun anew", async () => {
    const log = openLog();
    observeAll(log, 1, 5);
    await log.flush();
    unlinkSync(path);
    observeAll(log, 6, 7);
    await log.flush();
    expect(sequences()).toEqual([6, 7]);
    unlinkSync(path);
    mkdirSync(path);
    const { heard, logger } = faults();
    const other = openLog({ logger });
    observeAll(other, 1, 2);
    await other.close();
    expect(heard).toEqual([expect.stringContaining("EISDIR")]);
    await log.close();
  });
});

test("L5: after close nothing is written, and closing twice does no harm", async () => {
  const log = openLog();
  observeAll(log, 1, 3);
  await Promise.all([log.close(), log.close()]);
  observeAll(log, 4, 6);
  await log.flush();
  await log.close();
  expect(sequences()).toEqual([1, 2, 3]);
});

test("other observations are none of its business", async () => {
  const log = openLog();
  log.observe({ kind: "agent-activated", agent: { type: "a", key: "b" } });
  await log.close();
  expect(existsSync(path)).toBe(false);
});

test.each([
  ["maxBytes", { maxBytes: 10 }],
  ["maxFiles", { maxFiles: 1 }],
  ["maxAgeMs", { maxAgeMs: Number.NaN }],
  ["maxLineBytes", { maxLineBytes: 100 }],
])("a limit out of range is refused: %s", (name, limits) => {
  expect(() => openLog({ ...limits })).toThrow(`"${name}"`);
});
