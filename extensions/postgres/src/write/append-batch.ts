import type { AppendNotes, Fence, RunNote, StoreRecord } from "@troupe/core";
import type { Statement } from "../connection/database.ts";
import { toStoredName, toStoredText } from "../rows/stored-text.ts";
import type { EncodedAppend } from "./encoders.ts";
import type { Asked } from "./gather.ts";

/** One append as asked for. */
export interface AppendRequest {
  readonly kind: "append";
  readonly cell: string;
  readonly fence: Fence;
  readonly records: readonly StoreRecord[];
  readonly notes: AppendNotes;
}

/** The appends to one cell that one statement makes, as one row. */
export interface CellAppend {
  readonly cell: string;
  readonly fence: Fence;
  readonly records: StoreRecord[];
  readonly runs: Map<string, RunNote>;
  isBusy: boolean | undefined;
  collected: number | undefined;
  readonly asked: Asked<AppendRequest, number>[];
  row: EncodedAppend | undefined;
}

/** True when the second append goes on where the first ends: then both fit into one row. */
export function follows(first: AppendRequest, second: AppendRequest): boolean {
  const { epoch, position } = first.fence;
  return second.fence.epoch === epoch && second.fence.position === position + first.records.length;
}

/** Puts the appends to each cell together; those to one cell must follow each other. */
export function groupByCell(batch: readonly Asked<AppendRequest, number>[]): readonly CellAppend[] {
  const groups = new Map<string, CellAppend>();
  for (const asked of batch) {
    const { cell, fence, records, notes } = asked.input;
    let group = groups.get(cell);
    if (group === undefined) {
      const nothing = {
        records: [],
        runs: new Map(),
        isBusy: undefined,
        collected: undefined,
        asked: [],
        row: undefined,
      };
      group = { cell, fence, ...nothing };
      groups.set(cell, group);
    }
    group.asked.push(asked);
    for (const record of records) group.records.push(record);
    for (const run of notes.runs ?? []) group.runs.set(run.runId, run);
    group.isBusy = notes.isBusy ?? group.isBusy;
    group.collected = notes.collected ?? group.collected;
  }
  return [...groups.values()];
}

/**
 * Cells move on only where epoch and position are those of the writer; rows are logged for those that moved. The input is sorted and
 * drives a nested loop, so that all writers lock cells in one order.
 */
const move = `WITH input AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::integer[], $5::boolean[], $6::text[], $7::text[], $8::boolean[],
      $9::bigint[], $10::bigint[]) AS t(name, epoch, position, count, starts_segment, body, blobs, is_busy, at, collected)
    ORDER BY name COLLATE "C"
  ), moved AS (
    UPDATE cells c SET position = c.position + i.count, is_busy = coalesce(i.is_busy, c.is_busy), updated_at = coalesce(i.at, c.updated_at)
    FROM input i WHERE c.name = i.name AND c.epoch = i.epoch AND c.position = i.position
    RETURNING c.id, c.updated_at, i.*
  ), logged AS (
    INSERT INTO log (cell, start, count, starts_segment, blobs, body)
    SELECT id, position, count, starts_segment, blobs, body FROM moved WHERE count > 0
  )`;

const note = `, taken AS (
    DELETE FROM inbox b USING moved m WHERE b.cell = m.id AND b.id <= m.collected
  ), noted AS (
    INSERT INTO runs (cell, run_id, status, ended, sequence, questions, started_at, updated_at)
    SELECT m.id, n.run_id, n.status, n.ended, n.sequence, n.questions, m.updated_at, m.updated_at
    FROM unnest($11::text[], $12::text[], $13::text[], $14::text[], $15::bigint[], $16::integer[]) WITH ORDINALITY
      AS n(name, run_id, status, ended, sequence, questions, place) JOIN moved m ON m.name = n.name
    ORDER BY n.place
    ON CONFLICT (cell, run_id) DO UPDATE SET status = EXCLUDED.status, ended = EXCLUDED.ended, sequence = EXCLUDED.sequence,
      questions = EXCLUDED.questions, updated_at = EXCLUDED.updated_at
  )`;

/** The segment ends where the row begins with which its summary comes. */
const sumUp = (first: number): string => `, summed AS (
    INSERT INTO summaries (cell, start, until, body)
    SELECT m.id, s.start, m.position, s.body FROM unnest($${first}::text[], $${first + 1}::bigint[], $${first + 2}::text[])
      AS s(name, start, body) JOIN moved m ON m.name = s.name
  )`;

const end = " SELECT name FROM moved";

/** What is not written has no place in the statement: most appends have nothing but records. */
const statements = {
  records: { name: "append", text: move + end },
  notes: { name: "append-notes", text: move + note + end },
  summaries: { name: "append-summaries", text: move + sumUp(11) + end },
  all: { name: "append-all", text: move + note + sumUp(17) + end },
} as const;

/** The statement for some appends, and its parameters. It returns the names of the cells that it has changed. */
export function appendStatement(groups: readonly CellAppend[]): {
  readonly statement: Statement;
  readonly values: readonly unknown[];
} {
  const hasNotes = groups.some(({ runs, collected }) => runs.size > 0 || collected !== undefined);
  const hasSummaries = groups.some(({ row }) => row?.summary !== undefined);
  const values = [
    ...recordValues(groups),
    ...(hasNotes ? noteValues(groups) : []),
    ...(hasSummaries ? summaryValues(groups) : []),
  ];
  if (hasSummaries) return { statement: hasNotes ? statements.all : statements.summaries, values };
  return { statement: hasNotes ? statements.notes : statements.records, values };
}

/** Characters that the server is sent for the records of a cell. */
export function lengthOf({ row }: CellAppend): number {
  return row === undefined ? 0 : row.text.length + (row.summary?.body.length ?? 0);
}

/** The parameters from `$1` on. */
function recordValues(groups: readonly CellAppend[]): readonly unknown[] {
  return [
    groups.map(({ cell }) => toStoredName(cell).name),
    groups.map(({ fence }) => fence.epoch),
    groups.map(({ fence }) => fence.position),
    groups.map(({ records }) => records.length),
    groups.map(({ row }) => row?.startsSegment ?? true),
    groups.map(({ row }) => row?.text ?? ""),
    groups.map(({ row }) => (row === undefined || row.blobs.length === 0 ? null : [...new Set(row.blobs)].join(","))),
    groups.map(({ isBusy }) => isBusy ?? null),
    groups.map(({ records }) => timeOf(records)),
    groups.map(({ collected }) => collected ?? null),
  ];
}

/** The time of the last record, in whole milliseconds. */
function timeOf(records: readonly StoreRecord[]): number | null {
  const last = records.at(-1);
  return last === undefined ? null : Math.floor(last.at);
}

/** The parameters from `$11` on. */
function noteValues(groups: readonly CellAppend[]): readonly unknown[] {
  const runs = groups.flatMap(({ cell, runs: notes }) => {
    const { name } = toStoredName(cell);
    return [...notes.values()].map((run) => ({ ...run, name }));
  });
  return [
    runs.map(({ name }) => name),
    runs.map(({ runId }) => toStoredText(runId)),
    runs.map(({ status }) => status),
    runs.map(({ end }) => (end === undefined ? null : toStoredText(end))),
    runs.map(({ sequence }) => sequence),
    runs.map(({ questions }) => questions),
  ];
}

/** The last parameters. */
function summaryValues(groups: readonly CellAppend[]): readonly unknown[] {
  const summaries = groups.flatMap(({ cell, row }) => {
    const { name } = toStoredName(cell);
    return row?.summary === undefined ? [] : [{ name, ...row.summary }];
  });
  return [summaries.map(({ name }) => name), summaries.map(({ start }) => start), summaries.map(({ body }) => body)];
}
