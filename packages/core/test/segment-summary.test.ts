import * as fc from "fast-check";
import { type AppendNotes, type Fence, type LogRange, MemoryStore, type StoreRecord } from "@troupe/core";
import { describe, expect, test } from "vitest";
import { CellWork } from "../src/runtime/cell/cell-work.ts";
import { foldLog } from "../src/runtime/cell/fold-log.ts";
import { SegmentSummary } from "../src/store/codec/segment-summary.ts";
import {
  type CellEvent,
  type Flush,
  type JournalRecord,
  type ListChange,
  type LogRecord,
  type Mail,
  turnIdOf,
} from "../src/store/index.ts";
import { Episode } from "../src/testing/simulation/episode.ts";

/** Keeps every record of every cell, also of logs that are dropped. */
class ArchivingStore extends MemoryStore {
  readonly logs = new Map<string, StoreRecord[]>();

  constructor() {
    super({ isDurable: true });
  }

  // oxlint-disable-next-line max-params -- the port has four
  override append(cell: string, fence: Fence, records: readonly StoreRecord[], notes?: AppendNotes): number {
    const position = super.append(cell, fence, records, notes);
    this.logs.set(cell, [...(this.logs.get(cell) ?? []), ...records]);
    return position;
  }
}

/** Shows who wants less than the log what a store with summaries would: segments of seven records. */
class SummarizingStore extends MemoryStore {
  summed = 0;

  constructor() {
    super({ isDurable: true });
  }

  override read(cell: string, range: LogRange = {}): readonly StoreRecord[] {
    const records = super.read(cell, range);
    const short = range.view === undefined ? records : inSegments(records, 7);
    if (short !== records) this.summed += 1;
    return short;
  }
}

const agent = { type: "agent", key: "a" };

function mail(id: string, kind: Mail["kind"] = "event", more: Partial<Mail> = {}): Mail {
  return { messageId: id, kind, type: "T", body: `body of ${id}`, recipient: agent, hops: 0, at: 1, ...more };
}

function turn(id: string, more: Partial<Extract<LogRecord, { readonly kind: "turn" }>> = {}): LogRecord {
  return { kind: "turn", at: 1, turn: `${id}>agent/a`, agent, messageId: id, ...more };
}

const asked = mail("ask", "request", { replyTo: { kind: "turn", agent, turn: "first>agent/a", key: "k" } });
const outcome = { status: "replied", body: "yes" } as const;
const settled = mail("r.settled", "settlement", { settlement: { requestId: "r", outcome, tag: "t" } });

function said(isReplaced: boolean, item: string): ListChange {
  return { name: "said", isReplaced, items: [item] };
}

function event(sequence: number): CellEvent {
  return { runId: "run", sequence, path: [], kind: "said", payload: sequence, at: 1 };
}

function step(id: string, flush: Flush = {}): LogRecord {
  return { kind: "step-claimed", at: 1, turn: `${id}>agent/a`, key: "s", claim: null, ...flush };
}

/** The summary as a reader gets it: JSON that went through a store. */
function summarize(records: readonly LogRecord[]): readonly LogRecord[] | undefined {
  const summary = new SegmentSummary();
  for (const record of records) summary.take(record);
  const left = summary.finish();
  return left === undefined ? undefined : (JSON.parse(JSON.stringify(left)) as readonly LogRecord[]);
}

/** A log in segments of so many records, those summed up that can be. */
function inSegments(records: readonly LogRecord[], size: number): readonly LogRecord[] {
  const segments: LogRecord[] = [];
  let isSummed = false;
  for (let from = 0; from < records.length; from += size) {
    const segment = records.slice(from, from + size);
    const summary = summarize(segment);
    segments.push(...(summary ?? segment));
    isSummed ||= summary !== undefined;
  }
  return isSummed ? segments : records;
}

/** What of a journal its turn needs when it goes on. */
function withoutOutput({ sent: _sent, events: _events, ...record }: JournalRecord): unknown {
  return record;
}

/** Everything that a cell starts with after its log was folded. */
function consequences(records: readonly LogRecord[]): unknown {
  const fold = foldLog(records, new Map());
  const work = new CellWork();
  for (const record of records) work.take(record);
  const byName = <Value>(map: ReadonlyMap<string, Value>): object => Object.fromEntries(map);
  const journals = [...fold.journals].map(([id, journal]) => [id, journal.map(withoutOutput)] as const);
  const notes = work.takeNotes() ?? [];
  const seen = notes.filter(({ sequence, status, questions }) => sequence + questions > 0 || status !== "running");
  return JSON.parse(
    JSON.stringify({
      agents: byName(fold.agents),
      runs: byName(fold.runs),
      mails: [...fold.mails.keys()],
      mail: byName(fold.mails),
      journals: Object.fromEntries(journals),
      openRequests: byName(fold.openRequests),
      replies: byName(fold.replies),
      deaths: byName(fold.deaths),
      work: { isBusy: work.isBusy, outbox: work.outbox, sent: work.sent, rest: work.toSnapshot(0, 1e15) },
      unbegun: work.unbegun(),
      notes: seen.toSorted((left, right) => (left.runId < right.runId ? -1 : 1)),
    }),
  );
}

/** The log of a cell whose agents only write to each other: every choice makes one record or none. */
function talk(choices: readonly number[]): readonly LogRecord[] {
  const records: LogRecord[] = [{ kind: "received", at: 1, mail: mail("0") }];
  const open: Mail[] = [mail("0")];
  let [ids, sequence] = [1, 1];
  const pick = (choice: number): Mail | undefined => open[choice % open.length];
  const send = (choice: number): Mail => {
    const id = String(ids++);
    const back = { kind: "mailbox", agent, tag: id, hops: 1 } as const;
    const made = choice % 3 === 0 ? mail(id) : mail(id, "request", choice % 3 === 1 ? { replyTo: back } : {});
    const sent = {
      ...made,
      recipient: { type: "agent", key: "abc".charAt(choice % 3) },
      run: { runId: "run", path: [], inherited: {} },
    };
    open.push(sent);
    return sent;
  };
  const flush = (choice: number): Flush => ({
    ...(choice % 4 > 0 &&
      open.length < 12 && { sent: Array.from({ length: choice % 4 }, (_, index) => send(choice + index)) }),
    ...(choice % 5 > 2 && { events: [event(sequence++)] }),
  });
  const end = (choice: number, by: Mail): void => {
    open.splice(open.indexOf(by), 1);
    const flushed = flush(choice);
    const asked = by.kind === "request" && by.replyTo?.kind === "mailbox";
    const settlement = { requestId: by.messageId, outcome, tag: "t" };
    const answer = mail(`${by.messageId}.settled`, "settlement", { settlement });
    if (asked) open.push(answer);
    const sent = [...(flushed.sent ?? []), ...(asked ? [answer] : [])];
    records.push({
      kind: "turn",
      at: 1,
      turn: turnIdOf(by),
      agent: by.recipient,
      messageId: by.messageId,
      ...(by.kind === "request" && { reply: outcome }),
      ...(choice % 2 === 0 && { state: String(choice) }),
      ...(choice % 3 === 0 && { lists: [said(choice % 15 === 0, `item ${choice}`)] }),
      ...flushed,
      ...(sent.length > 0 && { sent }),
    });
  };
  for (const choice of choices) {
    const by = pick(choice);
    if (by === undefined) break;
    const [turn, key] = [turnIdOf(by), String(choice % 7)];
    if (choice % 10 < 6) end(choice >> 3, by);
    else if (choice % 10 < 8)
      records.push({ kind: "step-claimed", at: 1, turn, key, claim: null, ...flush(choice >> 3) });
    else if (choice % 10 === 8) {
      const request = mail(String(ids++), "request", { replyTo: { kind: "turn", agent: by.recipient, turn, key } });
      records.push({ kind: "request-sent", at: 1, turn, key, mail: request });
      open.push(request);
    } else
      records.push({
        kind: "control",
        at: 1,
        runId: "run",
        action: choice % 20 < 10 ? "pause" : "resume",
        detail: null,
      });
  }
  return records;
}

describe("what a segment amounts to", () => {
  test("M1: every log of crashes, take-overs, controls, forks and faults folds alike with summaries of any of its parts", async () => {
    let summed = 0;
    for (let episode = 0; episode < 15; episode++) {
      const store = new ArchivingStore();
      // Whether the program kept its promises is the simulation's own test: what it wrote must fold alike in any case.
      await new Episode({ seed: `summary/${episode}`, steps: 250, store }).run().catch(() => {});
      for (const [cell, records] of store.logs) {
        const expected = consequences(records);
        for (const size of [2, 5, 13, 50, records.length]) {
          const short = inSegments(records, size);
          expect(consequences(short), `episode ${episode}, ${cell}, in segments of ${size}`).toEqual(expected);
          summed += short === records ? 0 : 1;
        }
      }
    }
    expect(summed).toBeGreaterThan(300);
  }, 60_000);

  test("M1: programs keep their promises whose processes start from summaries, whatever dies when", async () => {
    let summed = 0;
    for (let episode = 0; episode < 20; episode++) {
      const store = new SummarizingStore();
      await new Episode({ seed: `from summaries/${episode}`, steps: 250, store }).run();
      summed += store.summed;
    }
    expect(summed).toBeGreaterThan(100);
  }, 60_000);

  test("M1: so does a cell that talks to itself", () => {
    let [before, after] = [0, 0];
    fc.assert(
      fc.property(
        fc.array(fc.nat(999), { minLength: 100, maxLength: 400 }),
        fc.integer({ min: 2, max: 40 }),
        (choices, size) => {
          const records = talk(choices);
          const short = inSegments(records, size);
          expect(consequences(short)).toEqual(consequences(records));
          if (size < 20) return;
          before += records.length;
          after += short.length;
        },
      ),
      { numRuns: 150 },
    );
    expect(after).toBeLessThan(before);
  });

  test("M2: a message that came and was handled leaves only what its turn did", () => {
    const records = [
      turn("first", { sent: [mail("a"), mail("b")], lists: [{ name: "said", isReplaced: false, items: ["one"] }] }),
      turn("a", { state: "1", sent: [mail("c")] }),
      turn("b", { state: "2", lists: [{ name: "said", isReplaced: false, items: ["two"] }] }),
    ];
    const lists = [{ name: "said", isReplaced: false, items: ["one", "two"] }];
    const nameless = { kind: "turn", at: 1, turn: "", messageId: "", agent };
    expect(summarize(records)).toEqual([
      { kind: "turn", at: 1, turn: "first>agent/a", messageId: "first", agent },
      { ...nameless, sent: [mail("c")] },
      { ...nameless, state: "2", lists },
    ]);
  });

  test("M2: a message that was written twice stays, and the end of its turn", () => {
    const twice = [
      turn("first", { sent: [mail("a")] }),
      { kind: "received", at: 1, mail: mail("a") } as const,
      turn("a"),
    ];
    const open = { kind: "received", at: 1, mail: mail("a") } as const;
    expect(consequences([open, ...(summarize(twice) ?? [])])).toEqual(consequences([open, ...twice]));
    expect(summarize(twice)).toHaveLength(3);
  });

  test.each<[string, readonly LogRecord[], readonly LogRecord[]]>([
    [
      "a message that was sent twice",
      [{ kind: "received", at: 1, mail: mail("first") }],
      [turn("first", { sent: [mail("a"), mail("a")] }), turn("a")],
    ],
    [
      "a request whose reply a turn waits for",
      [{ kind: "received", at: 1, mail: mail("first") }],
      [
        { kind: "request-sent", at: 1, turn: "first>agent/a", key: "k", mail: asked },
        turn("ask", { reply: { status: "replied", body: "yes" } }),
      ],
    ],
    [
      "the same, sent by another turn",
      [
        { kind: "received", at: 1, mail: mail("first") },
        { kind: "step-claimed", at: 1, turn: "first>agent/a", key: "s", claim: null },
      ],
      [turn("other", { sent: [asked] }), turn("ask", { reply: { status: "replied", body: "yes" } })],
    ],
    [
      "a settlement that is not told by the end of its request",
      [{ kind: "received", at: 1, mail: mail("r", "request") }],
      [turn("other", { sent: [settled] }), turn("r.settled")],
    ],
    [
      "a list that is replaced after it was added to",
      [turn("before", { lists: [said(false, "zero")] })],
      [
        turn("a", { lists: [said(false, "one")] }),
        turn("b", { lists: [said(true, "two")] }),
        turn("c", { lists: [said(false, "three")] }),
      ],
    ],
    [
      "a journal of a turn that ends, one of a turn that goes on, and what comes after the end",
      [
        { kind: "received", at: 1, mail: mail("a") },
        { kind: "received", at: 1, mail: mail("b") },
      ],
      [
        step("a", { sent: [mail("c")], events: [event(1)] }),
        step("b", { events: [event(2)] }),
        turn("a", { events: [event(3)] }),
        step("a"),
        turn("c", { events: [event(4)] }),
      ],
    ],
    [
      "a death before everything else",
      [turn("before", { sent: [mail("a"), mail("b")] })],
      [{ kind: "recovered", at: 1 }, turn("a", { sent: [mail("c")] })],
    ],
    [
      "a state of a later version, replaced by one of the first",
      [turn("before", { state: "0", version: 2 })],
      [turn("a", { state: "1", version: 3 }), turn("b", { state: "2" })],
    ],
    ["a state of a later version", [turn("before", { state: "0" })], [turn("a", { state: "1", version: 3 })]],
  ])("M1: %s", (_name, before, records) => {
    const summary = summarize(records) ?? [];
    expect(summary).not.toEqual([]);
    expect(consequences([...before, ...summary])).toEqual(consequences([...before, ...records]));
  });

  test.each([
    ["recovered", { kind: "recovered", at: 1 } as const],
    ["restored", { kind: "restored", at: 1, agent, image: { lists: {} } } as const],
    ["a forgotten agent", turn("a", { isForgotten: true })],
  ])("M3: there is no summary with %s", (_name, record) => {
    expect(summarize([turn("first", { sent: [mail("a")] }), record, turn("b")])).toBeUndefined();
  });
});
