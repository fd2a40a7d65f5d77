import { type Fence, LogEncoder } from "@troupe/core";
import type { Database, Statement } from "../connection/database.ts";
import { toStoredName } from "../rows/stored-text.ts";
import type { LeftSegment } from "./encoders.ts";

const select: Statement = {
  name: "left-segments",
  text: `SELECT i.name, f.start::float8, l.body FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS i(name, epoch, position)
    JOIN cells c ON c.name = i.name AND c.epoch = i.epoch AND c.position = i.position
    CROSS JOIN LATERAL (
      SELECT s.start FROM log s WHERE s.cell = c.id AND s.start < c.position AND s.starts_segment ORDER BY s.start DESC LIMIT 1
    ) f CROSS JOIN LATERAL (
      SELECT r.start, r.body FROM log r WHERE r.cell = c.id AND r.start >= f.start AND r.start < c.position ORDER BY r.start OFFSET 0
    ) l WHERE c.position - f.start >= ${LogEncoder.leastFollowed} ORDER BY i.name, l.start`,
};

/**
 * The last segments of logs, for who goes on with them; of those with fewer than `LogEncoder.leastFollowed` records, and where the fence does not hold,
 * none.
 *
 * @returns by cell.
 * @throws StoreError.
 */
export async function leftSegments(
  database: Database,
  cells: readonly { readonly cell: string; readonly fence: Fence }[],
): Promise<ReadonlyMap<string, LeftSegment>> {
  const names = cells.map(({ cell }) => toStoredName(cell).name);
  const epochs = cells.map(({ fence }) => fence.epoch);
  const positions = cells.map(({ fence }) => fence.position);
  const { rows } = await database.query<{ name: string; start: number; body: string }>(select, [
    names,
    epochs,
    positions,
  ]);
  const segments = new Map<string, LeftSegment>();
  for (const [index, { cell }] of cells.entries()) {
    const own = rows.filter(({ name }) => name === names[index]);
    const [oldest] = own;
    if (oldest !== undefined) segments.set(cell, { start: oldest.start, texts: own.map(({ body }) => body) });
  }
  return segments;
}
