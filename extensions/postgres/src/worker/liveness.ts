/**
 * A condition on a row `w` of `workers`: it is dead. Marked so; or silent for longer than the lease; or its session's lock is free.
 *
 * A server that was started again has no locks, whoever lives: then silence decides, counted from its start. A heartbeat from the future
 * was written before the server's clock went back: its writer is silent as well, or it would have written again.
 *
 * @param lease the parameter with the lease in milliseconds.
 */
export function isDead(lease: string): string {
  const term = `${lease}::float8 * interval '1 millisecond'`;
  return `(w.is_dead
    OR abs(extract(epoch FROM clock_timestamp() - CASE WHEN w.server_started = pg_postmaster_start_time() THEN w.beat
      ELSE greatest(w.beat, pg_postmaster_start_time()) END)) > extract(epoch FROM ${term})
    OR (w.server_started = pg_postmaster_start_time() AND NOT EXISTS (
      SELECT FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
        AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
        AND (l.classid::bigint << 32 | l.objid::bigint) = w.lock)))`;
}
