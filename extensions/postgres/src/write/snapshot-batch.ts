import type { CellSnapshot, Fence } from "@troupe/core";
import type { Statement } from "../connection/database.ts";
import { toStoredName } from "../rows/stored-text.ts";

/** One snapshot as asked for. */
export interface SnapshotRequest {
  readonly kind: "snapshot";
  readonly cell: string;
  readonly fence: Fence;
  readonly snapshot: CellSnapshot;
  readonly dropsLog: boolean;
  /** The snapshot as JSON; null when it holds nothing, which removes the stored one. */
  readonly body: string | null;
}

/**
 * Rows go that hold only records before the snapshot, as long as what is left can be read: all of them when nothing is left, else up
 * to the row that starts the segment. `pruned` hides the records in between.
 */
export const putSnapshots: Statement = {
  name: "snapshot",
  text: `WITH input AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) AS t(name, epoch, before, body) ORDER BY name COLLATE "C"
  ), moved AS (
    UPDATE cells c SET pruned = greatest(c.pruned, least(c.position, i.before))
    FROM input i WHERE c.name = i.name AND c.epoch = i.epoch
    RETURNING c.id, c.pruned, c.position, i.name, i.before, i.body
  ), kept AS (
    INSERT INTO snapshots (cell, body) SELECT id, body FROM moved WHERE body IS NOT NULL
    ON CONFLICT (cell) DO UPDATE SET body = EXCLUDED.body
  ), removed AS (
    DELETE FROM snapshots s USING moved m WHERE m.body IS NULL AND s.cell = m.id
  ), kept_from AS MATERIALIZED (
    SELECT m.id, CASE
      WHEN m.pruned = m.position THEN m.position
      ELSE (SELECT s.start FROM log s WHERE s.cell = m.id AND s.start <= m.pruned AND s.starts_segment ORDER BY s.start DESC LIMIT 1)
    END AS start FROM moved m WHERE m.before > 0
  ), unsummed AS (
    DELETE FROM summaries s USING kept_from k WHERE s.cell = k.id AND s.until <= k.start
  ), dropped AS (
    DELETE FROM log l USING kept_from k WHERE l.cell = k.id AND l.start < k.start
  ) SELECT name FROM moved`,
};

/** The parameters of `putSnapshots`. */
export function snapshotValues(requests: readonly SnapshotRequest[]): readonly unknown[] {
  return [
    requests.map(({ cell }) => toStoredName(cell).name),
    requests.map(({ fence }) => fence.epoch),
    requests.map(({ snapshot, dropsLog }) => (dropsLog ? snapshot.position : 0)),
    requests.map(({ body }) => body),
  ];
}

/** The text to store; null for a snapshot that says nothing. */
export function snapshotBody(snapshot: CellSnapshot): string | null {
  return isNothing(snapshot) ? null : JSON.stringify(snapshot);
}

function isNothing({ agents, sent, marks, remembered }: CellSnapshot): boolean {
  return (sent ?? 0) === 0 && [agents, marks, remembered].every((part) => Object.keys(part ?? {}).length === 0);
}
