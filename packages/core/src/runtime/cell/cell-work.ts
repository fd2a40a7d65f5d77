/**
 * What a cell still has to do, told record by record: enough to say whether it rests without folding its log again.
 *
 * Owns: the open mails, the messages on their way to other cells, the marks of other cells, the remembered ids, how runs stand.
 * Does not own: state, journals and events (foldLog, Activation, RunLog).
 * Invariants:
 * W1. After any records, `isBusy` is false exactly when folding them leaves no mail, no turn, no open request and nothing on its way.
 * W2. A mark never goes back: a message of a source cell whose number is not above its mark was taken before (C10).
 * W3. A run is noted when it begins and whenever its status or the number of its questions changes, never otherwise.
 */
import {
  type AppendNotes,
  type CellSnapshot,
  type Flush,
  type JournalRecord,
  type LogRecord,
  type Mail,
  type RememberedTurn,
  type RunNote,
  type RunStatus,
  type SourceMark,
  type TurnRecord,
  turnIdOf,
} from "../../store/index.ts";

/** Requests whose settlement came last: a second one for them can only be a little late. */
const maxSettled = 256;

/** Milliseconds for which a source cell's mark is kept after its last message (C10). */
const markTtlMs = 172_800_000;

/** Room for the messages of one claim: epochs never repeat, so numbers grow although a cell at rest leaves nothing. */
const numbersPerClaim = 1_048_576;

interface OpenMail {
  readonly mail: Mail;
  /** Keys of its open questions. */
  readonly questions: Set<string>;
  hasJournal: boolean;
}

interface RunWork {
  open: number;
  waiting: number;
  questions: number;
  sequence: number;
  isPaused: boolean;
  end: string | undefined;
  /** What was noted last. */
  noted: string;
}

export class CellWork {
  readonly #open = new Map<string, OpenMail>();
  readonly #asked = new Set<string>();
  /** Settlements that are being stored, by turn id, and those that came last, by the id of their request. */
  readonly #settling = new Set<string>();
  readonly #settled = new Set<string>();
  readonly #outbox = new Map<number, Mail>();
  readonly #marks = new Map<string, SourceMark>();
  readonly #remembered = new Map<string, RememberedTurn>();
  readonly #runs = new Map<string, RunWork>();
  #changed: Set<string> | undefined;
  /** The last number given to a message for another cell. */
  sent = 0;
  /** Where the numbers of this claim began. */
  #base = 0;

  /** Numbers begin behind everything that an earlier owner can have given, also when nothing of it is left. */
  begin(epoch: number): void {
    this.#base = epoch * numbersPerClaim;
    this.sent = Math.max(this.sent, this.#base);
  }

  /** Starts from a snapshot. */
  load(snapshot: CellSnapshot): void {
    this.sent = Math.max(this.sent, snapshot.sent ?? 0);
    for (const [cell, mark] of Object.entries(snapshot.marks ?? {})) this.#marks.set(cell, mark);
    for (const [turn, remembered] of Object.entries(snapshot.remembered ?? {})) this.#remembered.set(turn, remembered);
  }

  get isBusy(): boolean {
    return this.#open.size + this.#outbox.size + this.#asked.size > 0;
  }

  /** Messages on their way to other cells, oldest first. */
  get outbox(): readonly Mail[] {
    return [...this.#outbox.values()];
  }

  /** Mails that were not handled yet; undefined when one of them has begun and written a journal. */
  unbegun(): readonly Mail[] | undefined {
    const mails: Mail[] = [];
    for (const { mail, hasJournal } of this.#open.values()) {
      if (hasJournal) return undefined;
      mails.push(mail);
    }
    return this.#outbox.size + this.#asked.size > 0 ? undefined : mails;
  }

  /** True when a message of another cell was taken before (W2); otherwise it counts as taken from now on. */
  isRepeated(from: string, number: number, at: number): boolean {
    if (number <= (this.#marks.get(from)?.number ?? 0)) return true;
    this.#marks.set(from, { number, at });
    return false;
  }

  /**
   * Says that the settlement of a request is about to be stored; false when the request has one already. A deadline that passes while the cell is
   * lost is heard of twice: by who has waited, and by who opens the cell anew (C12).
   */
  settles(mail: Mail): boolean {
    const turn = turnIdOf(mail);
    const requestId = mail.settlement?.requestId ?? "";
    if (this.#settling.has(turn) || this.#open.has(turn) || this.#settled.has(requestId)) return false;
    this.#settling.add(turn);
    return true;
  }

  /** What became of a message whose id its sender chose; undefined for one that never came. */
  remembered(turn: string): RememberedTurn | undefined {
    return this.#remembered.get(turn);
  }

  /** Remembers a message before its record is written, so that a duplicate in the same breath is known. */
  remember(turn: string, at: number): void {
    if (!this.#remembered.has(turn)) this.#remembered.set(turn, { at });
  }

  /** The part of a snapshot that is not agents; what is too old is left out. */
  toSnapshot(now: number, rememberMs: number): Pick<CellSnapshot, "sent" | "marks" | "remembered"> {
    const marks = [...this.#marks].filter(([, mark]) => mark.at > now - markTtlMs);
    const remembered = [...this.#remembered].filter(([, turn]) => turn.at > now - rememberMs);
    return {
      ...(this.sent > this.#base + numbersPerClaim && { sent: this.sent }),
      ...(marks.length > 0 && { marks: Object.fromEntries(marks) }),
      ...(remembered.length > 0 && { remembered: Object.fromEntries(remembered) }),
    };
  }

  // --- records -----------------------------------------------------------------------------------

  take(record: LogRecord): void {
    switch (record.kind) {
      case "received":
        this.#receive(record.mail, record.at, record.from);
        return;
      case "turn":
        this.#endTurn(record);
        return;
      case "delivered":
        for (const number of record.numbers) this.#outbox.delete(number);
        return;
      case "control":
        this.#control(record);
        return;
      case "restored":
      case "recovered":
        return;
      default:
        this.#journal(record);
    }
  }

  #receive(mail: Mail, at: number, from: string | undefined): void {
    if (from !== undefined && mail.number !== undefined) this.isRepeated(from, mail.number, at);
    if (mail.isRemembered === true) this.remember(turnIdOf(mail), at);
    if (mail.kind === "settlement") this.#asked.delete(mail.settlement?.requestId ?? "");
    if (mail.kind !== "reply") this.#admit(mail);
  }

  #admit(mail: Mail): void {
    const turn = turnIdOf(mail);
    if (mail.kind === "settlement") this.#noteSettled(turn, mail.settlement?.requestId ?? "");
    if (this.#open.has(turn)) return;
    this.#open.set(turn, { mail, questions: new Set(), hasJournal: false });
    this.#changeRun(mail, (run) => {
      run.open += 1;
    });
  }

  #noteSettled(turn: string, requestId: string): void {
    this.#settling.delete(turn);
    this.#settled.add(requestId);
    if (this.#settled.size <= maxSettled) return;
    for (const oldest of this.#settled) {
      this.#settled.delete(oldest);
      return;
    }
  }

  #endTurn(record: TurnRecord): void {
    const open = this.#open.get(record.turn);
    this.#open.delete(record.turn);
    this.#rememberReply(record);
    if (open !== undefined) {
      this.#changeRun(open.mail, (run) => {
        run.open -= 1;
        run.questions -= open.questions.size;
        if (open.questions.size > 0) run.waiting -= 1;
      });
    }
    this.#flush(record);
  }

  /** What was not handled because nobody waited for it any more may be asked for again. */
  #rememberReply({ turn, reply }: TurnRecord): void {
    const remembered = this.#remembered.get(turn);
    if (remembered === undefined || reply === undefined) return;
    if (reply.status === "failed" && reply.error.code === "delivery.cancelled") this.#remembered.delete(turn);
    else this.#remembered.set(turn, { at: remembered.at, reply });
  }

  #journal(record: JournalRecord): void {
    const open = this.#open.get(record.turn);
    if (open !== undefined) {
      open.hasJournal = true;
      if (record.kind === "wait-opened" && !record.wait.isTimer) this.#ask(open, record.key);
      else if (record.kind === "wait-settled" && open.questions.has(record.key)) this.#answer(open, record.key);
    }
    if (record.kind === "request-sent") this.#send(record.mail);
    this.#flush(record);
  }

  #ask(open: OpenMail, key: string): void {
    if (open.questions.has(key)) return;
    open.questions.add(key);
    this.#changeRun(open.mail, (run) => {
      run.questions += 1;
      if (open.questions.size === 1) run.waiting += 1;
    });
  }

  #answer(open: OpenMail, key: string): void {
    open.questions.delete(key);
    this.#changeRun(open.mail, (run) => {
      run.questions -= 1;
      if (open.questions.size === 0) run.waiting -= 1;
    });
  }

  #flush(flush: Flush): void {
    for (const mail of flush.sent ?? []) this.#send(mail);
    for (const event of flush.events ?? []) {
      const run = this.#run(event.runId);
      run.sequence = event.sequence;
      run.end ??= event.end;
      if (event.end !== undefined) this.#change(event.runId);
    }
  }

  #send(mail: Mail): void {
    if (mail.number === undefined) {
      this.#admit(mail);
      return;
    }
    this.sent = Math.max(this.sent, mail.number);
    this.#outbox.set(mail.number, mail);
    if (mail.replyTo?.kind === "mailbox") this.#asked.add(mail.messageId);
  }

  #control(record: Extract<LogRecord, { readonly kind: "control" }>): void {
    const run = this.#run(record.runId);
    if (record.action === "pause") run.isPaused = true;
    else if (record.action === "resume" || record.action === "cancel") run.isPaused = false;
    this.#change(record.runId);
  }

  // --- runs --------------------------------------------------------------------------------------

  #changeRun(mail: Mail, change: (run: RunWork) => void): void {
    if (mail.run === undefined) return;
    change(this.#run(mail.run.runId));
    this.#change(mail.run.runId);
  }

  #run(runId: string): RunWork {
    let run = this.#runs.get(runId);
    if (run === undefined) {
      run = { open: 0, waiting: 0, questions: 0, sequence: 0, isPaused: false, end: undefined, noted: "" };
      this.#runs.set(runId, run);
      this.#change(runId);
    }
    return run;
  }

  #change(runId: string): void {
    this.#changed ??= new Set();
    this.#changed.add(runId);
  }

  /** Runs that stand otherwise than when they were noted last (W3). */
  takeNotes(): readonly RunNote[] | undefined {
    if (this.#changed === undefined) return undefined;
    const notes: RunNote[] = [];
    for (const runId of this.#changed) {
      const run = this.#run(runId);
      const status = statusOf(run);
      const noted = `${status} ${run.questions}`;
      if (noted === run.noted) continue;
      run.noted = noted;
      const { sequence, questions, end } = run;
      notes.push({ runId, status, sequence, questions, ...(end !== undefined && { end }) });
    }
    this.#changed = undefined;
    return notes.length === 0 ? undefined : notes;
  }
}

function statusOf(run: RunWork): RunStatus {
  if (run.end !== undefined) return "ended";
  if (run.isPaused) return "paused";
  return run.open > 0 && run.open === run.waiting ? "waiting" : "running";
}

/** Takes records that are about to be written; what the same write says of them. */
export function noteRecords(work: CellWork, records: readonly LogRecord[]): AppendNotes {
  for (const record of records) work.take(record);
  return { isBusy: work.isBusy, runs: work.takeNotes() };
}
