import { type AgentDefinition, type Blueprint, blueprintOf } from "../../agent/index.ts";
import type { JsonValue } from "../../errors/index.ts";
import { type AgentId, formatAgentId } from "../../identity/index.ts";
import {
  type AgentImage,
  type CellEvent,
  type JournalRecord,
  type LogRecord,
  type Mail,
  type TurnRecord,
  turnIdOf,
  type WaitRecord,
} from "../../store/index.ts";
import type { RunPoint } from "../agent-runtime.ts";
import type { QueuedEvent } from "../turn/frame.ts";
import { compareOpenTurn, compareTurn, isRecordedFailure, type TurnComparison } from "./compare-turn.ts";
import { type Difference, type ReplayMismatch, toMismatch } from "./replay-mismatch.ts";
import { ReplayedTurn } from "./replayed-turn.ts";
import { pastsOf, type TurnPast } from "./restarts.ts";

/** What is replayed. */
export interface ReplayOptions {
  /** The log of one cell, as a store's `read` gives it. */
  readonly records: readonly LogRecord[];
  /** The code that wrote it. Handlers share what their definitions share: give ones that no runtime works with. */
  readonly agents: readonly AgentDefinition[];
  /** What the agents held where the records begin, by `type/key`: the snapshot of a log whose beginning was dropped. */
  readonly start?: Readonly<Record<string, AgentImage>> | undefined;
  /** Replays the turns of this run only. */
  readonly runId?: string | undefined;
  /** The last event wanted; default the end of the log. */
  readonly until?: RunPoint | undefined;
  /** Gives up on a handler that computes without end. */
  readonly signal?: AbortSignal | undefined;
}

type FindBlueprint = (type: string) => Blueprint | undefined;

/** What a replay found. */
export interface CellReplay {
  /** The events that the handlers emitted again, and those of copied turns, in the order and with the numbers and times of the log. */
  readonly events: readonly CellEvent[];
  /** Turns that were replayed to their end. */
  readonly turns: number;
  /** Turns that were in flight where the log ends: replayed as far as it goes. */
  readonly openTurns: number;
  /** Turns that a fork had copied: they bear the names of the copy, so they are replayed with the original only. Their events are here. */
  readonly copiedTurns: number;
  /** Where a turn did something else than its log says; empty when the replay is the run. */
  readonly mismatches: readonly ReplayMismatch[];
}

/**
 * Runs the turns of a stored log again, offline: handlers get every outcome from the journal, no step runs, nothing is sent or
 * stored. What they emit, send, leave and answer is compared with the log (C7, C27).
 *
 * Events and messages of parallel branches are taken in the order of the log; ids and times of messages are not compared.
 * A turn that was restarted on request is replayed from there, by the code that went on with it: what other code had let out before is as
 * the log has it.
 *
 * @example
 * const { events, mismatches } = await replayCell({ records: await store.read("session"), agents: [account] });
 *
 * @throws The reason of `signal`.
 */
export function replayCell({ agents, ...options }: ReplayOptions): Promise<CellReplay> {
  const blueprints = new Map(agents.map((agent) => [agent.type, blueprintOf(agent)]));
  return replayWith((type) => blueprints.get(type), options);
}

/** As `replayCell`, with whatever finds the code of an agent type. */
export async function replayWith(find: FindBlueprint, options: Omit<ReplayOptions, "agents">): Promise<CellReplay> {
  const records = upTo(options.records, options.until);
  const replay = new Replay(find, options, pastsOf(records));
  for (const record of records) await replay.accept(record);
  return replay.finish(records);
}

/** The records up to the one that holds an event. */
function upTo(records: readonly LogRecord[], until: RunPoint | undefined): readonly LogRecord[] {
  if (until === undefined) return records;
  const last = records.findIndex((record) =>
    eventsOf(record).some((event) => event.runId === until.runId && event.sequence >= until.sequence),
  );
  return last < 0 ? records : records.slice(0, last + 1);
}

function eventsOf(record: LogRecord): readonly CellEvent[] {
  return "events" in record ? (record.events ?? []) : [];
}

/**
 * A replay under way.
 *
 * Invariant R1: agents' states come from the log, never from the replay: a turn that differs does not make the next one differ.
 */
class Replay {
  readonly #options: Omit<ReplayOptions, "agents">;
  readonly #find: FindBlueprint;
  readonly #waits: ReadonlyMap<string, ReadonlyMap<string, WaitRecord>>;
  readonly #images = new Map<string, MutableImage>();
  readonly #mails = new Map<string, Mail>();
  readonly #turns = new Map<string, ReplayedTurn>();
  readonly #pasts: ReadonlyMap<string, TurnPast>;
  /** Turns that were restarted and are replayed from there. */
  readonly #restarted = new Set<string>();
  readonly #copied = new Set<string>();
  readonly #found = new Map<CellEvent, QueuedEvent>();
  readonly #mismatches: ReplayMismatch[] = [];
  readonly #unknownTypes = new Set<string>();
  readonly #comparison: TurnComparison;
  #ended = 0;

  constructor(find: FindBlueprint, options: Omit<ReplayOptions, "agents">, pasts: ReadonlyMap<string, TurnPast>) {
    this.#options = options;
    this.#pasts = pasts;
    this.#find = find;
    this.#waits = waitsOf(options.records);
    for (const [agent, image] of Object.entries(options.start ?? {})) this.#images.set(agent, toMutable(image));
    this.#comparison = {
      onEvent: (recorded, replayed) => this.#found.set(recorded, replayed),
      isKnown: (type) => find(type) !== undefined,
    };
  }

  async accept(record: LogRecord): Promise<void> {
    switch (record.kind) {
      case "received":
        if (record.mail.kind !== "reply") this.#mails.set(turnIdOf(record.mail), record.mail);
        return;
      case "restored":
        this.#images.set(formatAgentId(record.agent), toMutable(record.image));
        return;
      case "turn":
        await this.#end(record);
        for (const mail of record.sent ?? []) this.#send(mail);
        return;
      case "control":
        // What was stopped hears of it by the outcomes of its steps, requests and waits; what was restarted begins here.
        if (record.action === "restart") for (const turn of record.turns ?? []) this.#turn(turn);
        return;
      case "delivered":
      case "recovered":
        return;
      default:
        await this.#journal(record);
    }
  }

  /** Compares what is still in flight. */
  async finish(records: readonly LogRecord[]): Promise<CellReplay> {
    for (const [turn, replayed] of this.#turns) {
      if (replayed.misfit === undefined) await replayed.rest();
      this.#report(turn, replayed, compareOpenTurn(replayed, this.#comparison));
      replayed.close();
    }
    const events = records.flatMap((record) => eventsOf(record).flatMap((event) => this.#shown(record, event)));
    return {
      events,
      turns: this.#ended,
      openTurns: this.#turns.size,
      copiedTurns: this.#copied.size,
      mismatches: this.#mismatches,
    };
  }

  /** A recorded event as it was emitted again; nothing when it was not. */
  #shown(record: LogRecord, event: CellEvent): readonly CellEvent[] {
    if ("turn" in record && (this.#copied.has(record.turn) || this.#isPast(record))) return [event];
    const found = this.#found.get(event);
    return found === undefined ? [] : [{ ...event, path: found.path, kind: found.kind, payload: found.payload }];
  }

  /** True for what a turn recorded before it was restarted. */
  #isPast(record: LogRecord): boolean {
    if (!("turn" in record) || record.kind === "turn") return false;
    return this.#restarted.has(record.turn) && this.#pasts.get(record.turn)?.records.has(record) === true;
  }

  /** A numbered message is for another cell. */
  #send(mail: Mail): void {
    if (mail.number === undefined) this.#mails.set(turnIdOf(mail), mail);
  }

  // --- turns -------------------------------------------------------------------------------------

  async #journal(record: JournalRecord): Promise<void> {
    const isPast = this.#pasts.get(record.turn)?.records.has(record) === true;
    if (!isPast) await this.#turn(record.turn)?.accept(record);
    if (record.kind === "request-sent") this.#send(record.mail);
    for (const mail of record.sent ?? []) this.#send(mail);
  }

  async #end(record: TurnRecord): Promise<void> {
    const key = formatAgentId(record.agent);
    const turn = this.#turn(record.turn);
    if (turn !== undefined) {
      const end = turn.misfit === undefined ? await turn.end((how) => isRecordedFailure(record, how)) : undefined;
      this.#report(record.turn, turn, compareTurn({ turn, end }, record, this.#comparison));
      turn.close();
      this.#turns.delete(record.turn);
      this.#ended += 1;
    } else if (!this.#mails.has(record.turn) && this.#isWanted(record)) this.#lacks(record);
    this.#mails.delete(record.turn);
    this.#commit(key, record);
  }

  /** Only what a turn let out says whose run it was when its message is gone. */
  #isWanted(record: TurnRecord): boolean {
    const { runId } = this.#options;
    return runId === undefined || eventsOf(record).some((event) => event.runId === runId);
  }

  /** The turn of a record, begun when this is its first; undefined for turns that are not replayed. */
  #turn(id: string): ReplayedTurn | undefined {
    const known = this.#turns.get(id);
    if (known !== undefined) return known;
    const mail = this.#mails.get(id);
    const { runId, signal } = this.#options;
    if (mail === undefined || (runId !== undefined && mail.run?.runId !== runId)) return undefined;
    if (mail.origin !== undefined) {
      this.#copied.add(id);
      return undefined;
    }
    const blueprint = this.#find(mail.recipient.type);
    if (blueprint === undefined) {
      this.#lacksDefinition(id, mail.recipient);
      return undefined;
    }
    const image = this.#images.get(formatAgentId(mail.recipient));
    if ((image?.version ?? 1) > blueprint.stateVersion) {
      this.#lacksDefinition(id, mail.recipient);
      return undefined;
    }
    const waits = this.#waits.get(id) ?? new Map<string, WaitRecord>();
    const past = this.#pasts.get(id);
    if (past !== undefined) this.#restarted.add(id);
    const turn = new ReplayedTurn({ mail, turn: id, blueprint, image, waits, signal, past });
    this.#turns.set(id, turn);
    return turn;
  }

  /** What a turn left is the log's, whatever the replay found. */
  #commit(agent: string, record: TurnRecord): void {
    if (record.isForgotten === true) this.#images.delete(agent);
    else if (record.state !== undefined || record.lists !== undefined) {
      const image = this.#images.get(agent) ?? { lists: {} };
      this.#images.set(agent, applied(image, record));
    }
  }

  // --- report ------------------------------------------------------------------------------------

  #report(turn: string, { options }: ReplayedTurn, differences: readonly Difference[]): void {
    const agent = formatAgentId(options.mail.recipient);
    for (const difference of differences) this.#mismatches.push(toMismatch({ turn, agent }, difference));
  }

  #lacks(record: TurnRecord): void {
    const place = { turn: record.turn, agent: formatAgentId(record.agent) };
    this.#mismatches.push(toMismatch(place, { what: "origin", recorded: record.messageId, replayed: undefined }));
  }

  #lacksDefinition(turn: string, recipient: AgentId): void {
    if (this.#unknownTypes.has(recipient.type)) return;
    this.#unknownTypes.add(recipient.type);
    const place = { turn, agent: formatAgentId(recipient) };
    this.#mismatches.push(toMismatch(place, { what: "definition", recorded: recipient.type, replayed: undefined }));
  }
}

/** An image under construction: its arrays belong to the replay alone. */
type MutableImage = Omit<AgentImage, "lists"> & { readonly lists: Record<string, JsonValue[]> };

function toMutable(image: AgentImage): MutableImage {
  const lists = Object.fromEntries(Object.entries(image.lists).map(([name, items]) => [name, [...items]]));
  return { ...image, lists };
}

function applied(image: MutableImage, record: TurnRecord): MutableImage {
  const { lists } = image;
  for (const { name, isReplaced, items } of record.lists ?? []) {
    const list = lists[name];
    if (list === undefined || isReplaced) lists[name] = [...items];
    else for (const item of items) list.push(item);
  }
  const { state, version } = record.state === undefined ? image : record;
  return { lists, ...(state !== undefined && { state }), ...(version !== undefined && { version }) };
}

/** The questions of each turn: a handler hands out their ids before the log has come to them. */
function waitsOf(records: readonly LogRecord[]): ReadonlyMap<string, ReadonlyMap<string, WaitRecord>> {
  const waits = new Map<string, Map<string, WaitRecord>>();
  for (const record of records) {
    if (record.kind !== "wait-opened") continue;
    const known = waits.get(record.turn) ?? new Map<string, WaitRecord>();
    waits.set(record.turn, known.set(record.key, record.wait));
  }
  return waits;
}
