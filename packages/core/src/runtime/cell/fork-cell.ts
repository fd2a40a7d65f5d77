import { StateError, TeamError } from "../../errors/index.ts";
import { type AgentId, agentId } from "../../identity/index.ts";
import {
  type CellEvent,
  type Flush,
  type JournalRecord,
  type LogRecord,
  type Mail,
  turnIdOf,
} from "../../store/index.ts";
import type { ForkTarget, RunPoint } from "../agent-runtime.ts";
import type { Engine } from "../engine.ts";
import { CellWork, noteRecords } from "./cell-work.ts";

/** What is forked, and where it is cut. */
export interface ForkSource {
  /** The cell; whoever owns it, its log can be read. */
  readonly from: string;
  readonly at: RunPoint;
}

/** Copies the log up to an event under new names and opens the copy: finished turns as they were, turns in flight with the steps they had (C27). */
export async function forkCell(engine: Engine, { from, at }: ForkSource, target: ForkTarget): Promise<void> {
  if (engine.agents.cells.get(target.cell) !== undefined) throw exists(target.cell);
  const records = await engine.store.read(from);
  const cut = records.findIndex((record) =>
    eventsOf(record).some((event) => event.runId === at.runId && event.sequence === at.sequence),
  );
  if (cut < 0) throw pruned(from, at);
  const prefix = records.slice(0, cut + 1);
  assertLocal(engine, from, prefix);
  const renamer = new Renamer({ ...target, fromRun: at.runId, tag: engine.ids.next() });
  const claim = await engine.store.claim(target.cell, engine.owner);
  if (claim.position > 0) throw exists(target.cell);
  const now = engine.clock.now();
  const copy = [
    ...prefix.map((record) => renamer.record(record)),
    sentBefore(prefix, now),
    ...heldAs(target, isPausedIn(prefix, at.runId), now),
  ];
  await engine.store.append(target.cell, { epoch: claim.epoch, position: 0 }, copy, noteRecords(new CellWork(), copy));
  await engine.agents.openCell(target.cell, () => undefined);
}

function eventsOf(record: LogRecord): readonly CellEvent[] {
  return "events" in record ? (record.events ?? []) : [];
}

/** What the original has sent to other cells has left once: agents outside the session are shared. */
function sentBefore(records: readonly LogRecord[], at: number): LogRecord {
  const numbers = records.flatMap(mailsOf).flatMap((mail) => (mail.number === undefined ? [] : [mail.number]));
  return { kind: "delivered", at, numbers };
}

const holdsOrReleases: ReadonlySet<string> = new Set(["pause", "resume", "cancel"]);

function isPausedIn(records: readonly LogRecord[], runId: string): boolean {
  const last = records.findLast(
    (record) => record.kind === "control" && record.runId === runId && holdsOrReleases.has(record.action),
  );
  return last?.kind === "control" && last.action === "pause";
}

/** Pauses the copy, or resumes it, when that is not what the original leaves it with. */
function heldAs({ runId, isPaused = false }: ForkTarget, wasPaused: boolean, at: number): readonly LogRecord[] {
  if (isPaused === wasPaused) return [];
  return [{ kind: "control", at, runId, action: isPaused ? "pause" : "resume", detail: null }];
}

/** A fork cannot copy what other cells are doing for this one. */
function assertLocal(engine: Engine, cell: string, records: readonly LogRecord[]): void {
  const open = new Map<string, Mail>();
  for (const record of records) {
    for (const mail of mailsOf(record)) {
      if (mail.kind === "request") open.set(mail.messageId, mail);
      else if (mail.settlement !== undefined) open.delete(mail.settlement.requestId);
    }
    if (record.kind === "request-settled")
      for (const [id, mail] of open)
        if (mail.replyTo?.kind === "turn" && mail.replyTo.key === record.key && mail.replyTo.turn === record.turn)
          open.delete(id);
  }
  for (const mail of open.values()) {
    if (engine.directory.cellOf(mail.recipient) === cell) continue;
    throw new TeamError(
      "run.fork_remote",
      `Agent "${mail.recipient.type}/${mail.recipient.key}" outside cell "${cell}" was still at work at that point`,
      {
        remedy: "Fork at an event where only agents of the session are at work.",
        details: { recipient: `${mail.recipient.type}/${mail.recipient.key}` },
      },
    );
  }
}

function mailsOf(record: LogRecord): readonly Mail[] {
  if (record.kind === "received") return [record.mail];
  const sent = "sent" in record ? (record.sent ?? []) : [];
  return record.kind === "request-sent" ? [...sent, record.mail] : sent;
}

interface Renaming extends ForkTarget {
  readonly fromRun: string;
  /** Makes the ids of the copy differ from those of the original. */
  readonly tag: string;
}

/** Gives everything in a log the names of its copy. */
class Renamer {
  readonly #to: Renaming;
  readonly #turns = new Map<string, string>();

  constructor(to: Renaming) {
    this.#to = to;
  }

  record(record: LogRecord): LogRecord {
    switch (record.kind) {
      case "received":
        return { ...record, mail: this.#mail(record.mail) };
      case "control":
        return { ...record, runId: this.#run(record.runId), ...this.#restarted(record.turns) };
      case "restored":
        return { ...record, agent: this.#agent(record.agent) };
      case "delivered":
      case "recovered":
        return record;
      case "turn":
        return {
          ...record,
          ...this.#flush(record),
          turn: this.#turn(record.turn),
          agent: this.#agent(record.agent),
          messageId: this.#id(record.messageId),
        };
      default:
        return this.#journal(record);
    }
  }

  #restarted(turns: readonly string[] | undefined): { readonly turns?: readonly string[] } {
    return turns === undefined ? {} : { turns: turns.map((turn) => this.#turn(turn)) };
  }

  #journal(record: JournalRecord): JournalRecord {
    const base = { ...record, ...this.#flush(record), turn: this.#turn(record.turn) };
    if (base.kind === "request-sent") return { ...base, mail: this.#mail(base.mail) };
    if (base.kind === "wait-opened") return { ...base, wait: { ...base.wait, id: this.#id(base.wait.id) } };
    return base;
  }

  #flush(flush: Flush): Flush {
    const { sent, events } = flush;
    return {
      ...(sent !== undefined && { sent: sent.map((mail) => this.#mail(mail)) }),
      ...(events !== undefined && { events: events.map((event) => ({ ...event, runId: this.#run(event.runId) })) }),
    };
  }

  #mail(mail: Mail): Mail {
    const { sender, replyTo, settlement, run, causationId } = mail;
    const renamed: Mail = {
      ...mail,
      messageId: this.#id(mail.messageId),
      origin: mail.origin ?? (mail.topic === undefined ? mail.messageId : turnIdOf(mail)),
      recipient: this.#agent(mail.recipient),
      ...(sender !== undefined && { sender: this.#agent(sender) }),
      ...(causationId !== undefined && { causationId: this.#id(causationId) }),
      ...(run !== undefined && { run: { ...run, runId: this.#run(run.runId) } }),
      ...(settlement !== undefined && { settlement: { ...settlement, requestId: this.#id(settlement.requestId) } }),
      ...(replyTo !== undefined && { replyTo: this.#address(replyTo) }),
    };
    this.#turns.set(turnIdOf(mail), turnIdOf(renamed));
    return renamed;
  }

  #address(address: NonNullable<Mail["replyTo"]>): NonNullable<Mail["replyTo"]> {
    if (address.kind === "outside") return address;
    const agent = this.#agent(address.agent);
    if (address.kind === "turn") return { ...address, agent, turn: this.#turn(address.turn) };
    return {
      ...address,
      agent,
      ...(address.run !== undefined && { run: { ...address.run, runId: this.#run(address.run.runId) } }),
    };
  }

  #turn(turn: string): string {
    return this.#turns.get(turn) ?? turn;
  }

  #agent(id: AgentId): AgentId {
    return agentId(id.type, this.#to.key(id.key));
  }

  #id(id: string): string {
    return `${this.#to.tag}:${id}`;
  }

  #run(runId: string): string {
    return runId === this.#to.fromRun ? this.#to.runId : `${this.#to.tag}:${runId}`;
  }
}

function exists(cell: string): StateError {
  return new StateError("state.busy", `Cell "${cell}" exists already`, {
    remedy: "Fork into a new session id.",
    details: { cell },
  });
}

function pruned(cell: string, at: RunPoint): TeamError {
  return new TeamError("run.history_pruned", `Cell "${cell}" holds no event ${at.sequence} of run "${at.runId}"`, {
    remedy: "Fork at an event that the log still holds.",
    details: { cell, runId: at.runId, sequence: at.sequence },
  });
}
