/**
 * Reads along what processes write, and holds it against what every log says whatever the interleaving and whoever died.
 *
 * Owns: what the logs of one simulated program say so far. Does not own: what should have been sent (ReferenceModel).
 * Invariants that it checks:
 * 1. A turn ends once, and what was handled is never received again (C4, C10).
 * 2. The events of a run are numbered from 1 without gaps and never change (C20).
 * 3. A step is settled once; one that is not idempotent is claimed once (C6). Requests and waits settle once (C11, C16).
 * 4. The numbers of a cell's messages for others grow, and each cell takes those of another one in order and once (C10).
 * 5. A snapshot says what the log before it said; a cell that is pruned held nothing (C27).
 */
import { hashSeed } from "../../async/index.ts";
import { formatAgentId } from "../../identity/index.ts";
import {
  type AgentImage,
  type CellEvent,
  type CellSnapshot,
  type Flush,
  type JournalRecord,
  type LogRecord,
  type Mail,
  type TurnRecord,
  turnIdOf,
} from "../../store/index.ts";
import type { WriteObserver } from "../store-faults/shared-store.ts";
import { hold } from "./violation.ts";

/** What one agent has committed. */
export interface Committed {
  readonly count: number;
  readonly entries: readonly string[];
  readonly settled: readonly string[];
}

interface AgentState {
  count: number;
  readonly lists: Map<string, readonly string[]>;
}

interface AuditedCell {
  readonly agents: Map<string, AgentState>;
  readonly ended: Set<string>;
  readonly open: Map<string, Mail>;
  /** Messages for other cells that have not arrived, by number. */
  readonly outbox: Map<number, Mail>;
  readonly received: Map<string, number>;
  readonly events: Map<string, CellEvent[]>;
  lastNumber: number;
  position: number;
}

export class LogAuditor implements WriteObserver {
  readonly #cells: Map<string, AuditedCell> = new Map();
  readonly #claimed: Set<string> = new Set();
  readonly #settled: Set<string> = new Set();
  readonly #changed: Set<string> = new Set();
  readonly #tasks: Map<string, string> = new Map();
  #hash = 0;
  /** The first thing that was wrong: a store must not throw at its writer for it. */
  violation: unknown;
  /** Records written so far. */
  records = 0;

  /** Equal for equal logs, to the last record of every cell (I11). */
  get fingerprint(): string {
    return (this.#hash >>> 0).toString(16);
  }

  /** True when the outcome of a step is in the log: it must not run again (C28). */
  isSettled(idempotencyKey: string): boolean {
    return this.#settled.has(idempotencyKey);
  }

  /** The task that a message asked for, or whose end it tells (`settled:t1`); empty for one that was never stored. */
  taskOf(messageId: string): string {
    return this.#tasks.get(messageId) ?? "";
  }

  /** What every agent has committed. */
  all(): ReadonlyMap<string, Committed> {
    const agents = [...this.#cells.values()].flatMap((cell) => [...cell.agents.keys()]);
    return new Map(agents.map((agent) => [agent, this.committed(agent)]));
  }

  events(cell: string, runId: string): readonly CellEvent[] {
    return this.#cells.get(cell)?.events.get(runId) ?? [];
  }

  /** The agents whose committed state has changed since the last call, with what they have committed. */
  takeChanges(): ReadonlyMap<string, Committed> {
    const changes = new Map<string, Committed>();
    for (const agent of this.#changed) changes.set(agent, this.committed(agent));
    this.#changed.clear();
    return changes;
  }

  committed(agent: string): Committed {
    for (const { agents } of this.#cells.values()) {
      const state = agents.get(agent);
      if (state === undefined) continue;
      const list = (name: string): readonly string[] => state.lists.get(name) ?? [];
      return { count: state.count, entries: list("entries"), settled: list("settled") };
    }
    return { count: 0, entries: [], settled: [] };
  }

  /** What has not been handled or has not arrived, in words; at rest there must be nothing. */
  unfinished(): readonly string[] {
    return [...this.#cells].flatMap(([cell, { open, outbox }]) => [
      ...[...open.keys()].map((turn) => `"${turn}" in cell "${cell}"`),
      ...[...outbox.values()].map(
        (mail) => `message ${mail.number} of cell "${cell}" to "${formatAgentId(mail.recipient)}"`,
      ),
    ]);
  }

  // --- what is written ---------------------------------------------------------------------------

  appended(name: string, position: number, records: readonly LogRecord[]): void {
    this.#guard(() => {
      const cell = this.#cell(name);
      hold(position === cell.position + records.length, "C21", () => `cell "${name}" went to position ${position}`);
      cell.position = position;
      this.#hash = (Math.imul(this.#hash, 31) + hashSeed(`${name} ${JSON.stringify(records)}`)) | 0;
      this.records += records.length;
      // What a worker keeps for itself follows other rules.
      if (name.startsWith("~")) return;
      for (const record of records) this.#take(cell, record, name);
    });
  }

  snapshotted(name: string, snapshot: CellSnapshot): void {
    this.#guard(() => {
      const cell = this.#cell(name);
      if (snapshot.position !== cell.position) return;
      for (const [agent, state] of cell.agents) {
        const image = snapshot.agents[agent];
        const same = image === undefined ? isInitial(state) : isEqual(state, stateOf(image));
        hold(
          same,
          "C27",
          () => `the snapshot of "${agent}" is ${JSON.stringify(image)}, its log said ${describe(state)}`,
        );
      }
    });
  }

  pruned(name: string): void {
    this.#guard(() => {
      const cell = this.#cell(name);
      for (const [agent, state] of cell.agents)
        hold(isInitial(state), "C4", () => `"${agent}" was pruned with ${describe(state)}`);
      const left = cell.open.size + cell.outbox.size;
      hold(left === 0, "C4", () => `cell "${name}" was pruned with ${left} messages`);
      cell.position = 0;
    });
  }

  #take(cell: AuditedCell, record: LogRecord, name: string): void {
    switch (record.kind) {
      case "received":
        this.#receive(cell, record.mail, record.from);
        return;
      case "turn":
        this.#endTurn(cell, record, name);
        return;
      case "delivered":
        for (const number of record.numbers) cell.outbox.delete(number);
        return;
      case "restored":
        cell.agents.set(formatAgentId(record.agent), stateOf(record.image));
        return;
      case "control":
      case "recovered":
        return;
      default:
        this.#journal(cell, record, name);
    }
  }

  #receive(cell: AuditedCell, mail: Mail, from: string | undefined): void {
    const turn = turnIdOf(mail);
    if (from !== undefined && mail.number !== undefined) {
      const last = cell.received.get(from) ?? 0;
      const { number } = mail;
      hold(number > last, "C10", () => `message ${number} of "${from}" was received after number ${last}`);
      cell.received.set(from, number);
    }
    if (mail.kind === "reply") return;
    this.#tasks.set(mail.messageId, taskIn(mail));
    hold(!cell.ended.has(turn), "C10", () => `"${turn}" was received again after it was handled`);
    cell.open.set(turn, mail);
  }

  #endTurn(cell: AuditedCell, record: TurnRecord, name: string): void {
    const { turn } = record;
    hold(!cell.ended.has(turn), "C4", () => `the turn "${turn}" ended twice`);
    hold(cell.open.has(turn), "C4", () => `the turn "${turn}" ended without a message`);
    // What was not handled because nobody waited for it any more may be sent again under its id.
    if (!isUnhandled(record)) cell.ended.add(turn);
    cell.open.delete(turn);
    const agent = formatAgentId(record.agent);
    const state = record.isForgotten === true ? emptyState() : (cell.agents.get(agent) ?? emptyState());
    if (record.state !== undefined) state.count = countOf(record.state);
    for (const { name: list, isReplaced, items } of record.lists ?? []) {
      const before = isReplaced ? [] : (state.lists.get(list) ?? []);
      state.lists.set(list, [...before, ...items.map(String)]);
    }
    cell.agents.set(agent, state);
    this.#changed.add(agent);
    this.#flush(cell, record, name);
  }

  #journal(cell: AuditedCell, record: JournalRecord, name: string): void {
    const key = `${record.turn}#${record.key}`;
    // What a turn has stopped to wait for may end after it.
    const isLate = !cell.open.has(record.turn) && !record.kind.endsWith("-settled");
    hold(!isLate, "C5", () => `"${key}" was journaled outside its turn`);
    if (record.kind === "step-claimed") {
      hold(!this.#settled.has(key), "C6", () => `the step "${key}" was claimed again after it was settled`);
      this.#claimed.add(key);
    } else if (record.kind.endsWith("-settled")) {
      hold(!this.#settled.has(key), "C6", () => `"${key}" was settled twice`);
      hold(!isLost(record) || this.#claimed.has(key), "C6", () => `the step "${key}" is unknown but was never claimed`);
      this.#settled.add(key);
    }
    // What was queued before a request leaves before it.
    this.#flush(cell, record, name);
    if (record.kind === "request-sent") this.#send(cell, record.mail);
  }

  #flush(cell: AuditedCell, flush: Flush, name: string): void {
    for (const mail of flush.sent ?? []) this.#send(cell, mail);
    for (const event of flush.events ?? []) {
      const events = cell.events.get(event.runId) ?? [];
      cell.events.set(event.runId, events);
      const { sequence, runId } = event;
      hold(
        sequence === events.length + 1,
        "C20",
        () => `event ${sequence} of "${runId}" in "${name}" follows ${events.length}`,
      );
      events.push(event);
    }
  }

  #send(cell: AuditedCell, mail: Mail): void {
    if (mail.number === undefined) {
      this.#receive(cell, mail, undefined);
      return;
    }
    this.#tasks.set(mail.messageId, taskIn(mail));
    const { number } = mail;
    hold(number > cell.lastNumber, "C10", () => `message number ${number} was sent after number ${cell.lastNumber}`);
    cell.lastNumber = number;
    cell.outbox.set(number, mail);
  }

  #cell(name: string): AuditedCell {
    let cell = this.#cells.get(name);
    if (cell === undefined) {
      cell = {
        agents: new Map(),
        ended: new Set(),
        open: new Map(),
        outbox: new Map(),
        received: new Map(),
        events: new Map(),
        lastNumber: 0,
        position: 0,
      };
      this.#cells.set(name, cell);
    }
    return cell;
  }

  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.violation ??= error;
    }
  }
}

/** True for a step that was found in flight after a death; one that was stopped has a reason. */
function isLost(record: JournalRecord): boolean {
  return record.kind === "step-settled" && record.outcome.status === "unknown" && record.outcome.reason === undefined;
}

function taskIn({ body, settlement }: Mail): string {
  if (settlement !== undefined) return `settled:${settlement.tag}`;
  if (typeof body !== "object" || body === null || !("id" in body)) return "";
  return typeof body.id === "string" ? body.id : "";
}

function emptyState(): AgentState {
  return { count: 0, lists: new Map() };
}

function stateOf(image: AgentImage): AgentState {
  const lists = Object.entries(image.lists).map(([name, items]) => [name, items.map(String)] as const);
  return { count: image.state === undefined ? 0 : countOf(image.state), lists: new Map(lists) };
}

/** The simulated agents' state is one count. */
function countOf(state: string): number {
  const value: unknown = JSON.parse(state);
  return typeof value === "object" && value !== null && "count" in value ? Number(value.count) : Number.NaN;
}

function isInitial({ count, lists }: AgentState): boolean {
  return count === 0 && [...lists.values()].every((items) => items.length === 0);
}

function isEqual(left: AgentState, right: AgentState): boolean {
  return describe(left) === describe(right);
}

function describe({ count, lists }: AgentState): string {
  const parts = [...lists]
    .filter(([, items]) => items.length > 0)
    .map(([name, items]) => `${name}: ${items.join(" ")}`);
  return [`count ${count}`, ...parts.sort()].join("; ");
}

function isUnhandled({ reply }: TurnRecord): boolean {
  return reply?.status === "failed" && reply.error.code === "delivery.cancelled";
}
