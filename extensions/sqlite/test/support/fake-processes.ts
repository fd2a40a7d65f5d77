import type { ProcessIdentity, ProcessProbe } from "@troupe/sqlite";

/** Processes of one machine that live until a test ends them. */
export class FakeProcesses {
  readonly #ended = new Set<number>();

  /** What process number `pid` sees. */
  probe(pid: number, host = "here"): ProcessProbe {
    return {
      self: { host, pid, started: String(pid * 100) },
      isGone: (identity: ProcessIdentity) => identity.host === host && this.#ended.has(identity.pid),
    };
  }

  end(pid: number): void {
    this.#ended.add(pid);
  }
}
