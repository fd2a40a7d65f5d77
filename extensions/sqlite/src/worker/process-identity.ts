import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** One process among all that ever were: numbers of processes are used again. */
export interface ProcessIdentity {
  /** Machine, boot and process namespace: processes can be seen from each other only within one. */
  readonly host: string;
  readonly pid: number;
  /** Start time in ticks since boot. */
  readonly started: string;
}

/** Tells whether other processes live, as a port. */
export interface ProcessProbe {
  readonly self: ProcessIdentity;
  /** True only when it is certain that the process has ended. */
  isGone(identity: ProcessIdentity): boolean;
}

/**
 * Sees processes through Linux' `/proc`. Elsewhere every process is a host of its own: then nobody's death can be seen, and leases expire.
 *
 * @param pid whose identity is `self`; default this process.
 */
export function createProcessProbe(pid: number = process.pid): ProcessProbe {
  const started = startOf(pid);
  const host = started === undefined ? undefined : linuxHost();
  if (started === undefined || host === undefined) {
    return { self: { host: `unseen ${randomUUID()}`, pid, started: "" }, isGone: () => false };
  }
  return { self: { host, pid, started: started.ticks }, isGone: (other) => other.host === host && isEnded(other) };
}

function linuxHost(): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${hostname()} ${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return undefined;
  }
}

function isEnded({ pid, started }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, but belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
  const found = startOf(pid);
  return found !== undefined && (found.isZombie || found.ticks !== started);
}

/** Fields 3 (state) and 22 (start time) of `/proc/<pid>/stat`, see proc_pid_stat(5); field 2 may contain spaces and brackets. */
function startOf(pid: number): { readonly ticks: string; readonly isZombie: boolean } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = fields[19];
    return ticks === undefined ? undefined : { ticks, isZombie: fields[0] === "Z" || fields[0] === "X" };
  } catch {
    return undefined;
  }
}
