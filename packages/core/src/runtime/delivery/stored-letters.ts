/**
 * The dead letters of a worker as a store keeps them: they outlive its process (C4, C8).
 *
 * Owns: the cell of this worker's letters, in which nobody else writes. Does not own: the letters in memory (DeadLetterBox).
 * Invariants:
 * S1. `keep` resolves when the letters are stored: whoever ends a message with a record waits for that first. A death in between makes the
 *     same letter again, under the same id. (A quarantine cannot wait: its record and its letter are written in the same breath.)
 * S2. Letters of workers that have ended are taken over by whoever recovers: stored here first, dropped there afterwards.
 * S3. The log stays short: when it holds more than twice the letters, it becomes a snapshot of them.
 * S4. A store that fails costs no letter of a process that lives: it is reported, and they are stored with the next one.
 */
import { trustType } from "../../agent/index.ts";
import { decodeError, type EncodedError, encodeError, type JsonValue, StoreError } from "../../errors/index.ts";
import type { CellClaim, LogRecord, Mail } from "../../store/index.ts";
import { CellWriter } from "../cell/cell-writer.ts";
import { foldLog } from "../cell/fold-log.ts";
import { isOwnedElsewhere } from "../owner/owned-elsewhere.ts";
import type { Engine } from "../engine.ts";
import type { DeadLetter, DeadLetterReason } from "./dead-letters.ts";

/** A letter in its stored form, or that there is no letter with this id any more. */
type StoredLetter =
  | {
      readonly id: string;
      readonly reason: DeadLetterReason;
      readonly at: number;
      readonly mail: Mail;
      readonly error?: EncodedError;
    }
  | { readonly id: string; readonly isGone: true };

interface LetterFile {
  readonly owner: string;
  readonly writer: CellWriter;
  /** Entries in the log behind the last snapshot. */
  entries: number;
}

const prefix = "~letters/";
const agent = { type: "letters", key: "all" };
const agentKey = "letters/all";
/** Entries that a log may hold besides twice the letters. */
const spareEntries = 64;

/** True for a cell that holds the dead letters of a worker. */
export function isLetterCell(cell: string): boolean {
  return cell.startsWith(prefix);
}

export class StoredLetters {
  readonly #engine: Engine;
  #file: LetterFile | undefined;
  /** What was asked for before: one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Stores letters; undefined where everything ends with the process. Never rejects (S4). */
  keep(letters: readonly DeadLetter[]): Promise<void> | undefined {
    const { store, limits } = this.#engine;
    if (!store.isDurable || limits.maxDeadLetters === 0 || letters.length === 0) return undefined;
    return this.#inOrder(() => this.#write(letters.map(toStored)));
  }

  /** A letter was sent again or removed. */
  drop(id: string): void {
    if (this.#engine.store.isDurable)
      this.#engine.own(
        this.#inOrder(() => this.#write([{ id, isGone: true }])),
        "letter",
      );
  }

  /** Takes over the letters in a cell whose worker has ended (S2). @throws StoreError `store.unavailable`. */
  async takeOver(cell: string): Promise<void> {
    const { store, owner, deadLetters } = this.#engine;
    if (cell === cellOf(owner)) return;
    try {
      const letters = await readLetters(this.#engine, cell, await store.claim(cell, owner));
      deadLetters.load(letters);
      await this.#inOrder(() => this.#write(letters.map(toStored)), true);
      await store.prune(cell);
    } catch (error) {
      if (error instanceof StoreError && error.code === "store.unavailable") throw error;
      // What cannot be read stays where it is, and keeps nothing else from being recovered.
      if (!isOwnedElsewhere(error)) this.#engine.report(error, `reading of the dead letters in cell "${cell}"`);
    }
  }

  /** @throws What the store throws, when `isWanted`; else it is reported. */
  #inOrder(act: () => Promise<void>, isWanted = false): Promise<void> {
    const done = this.#last.then(act);
    this.#last = done.catch((error: unknown) => {
      this.#file = undefined;
      if (!isWanted && !this.#engine.isClosed) this.#engine.report(error, "storing of dead letters");
    });
    return isWanted ? done : this.#last;
  }

  async #write(letters: readonly StoredLetter[]): Promise<void> {
    const { owner, deadLetters, clock } = this.#engine;
    const file = this.#file?.owner === owner ? this.#file : await this.#open(owner);
    await file.writer.append([recordOf(letters, clock.now())]);
    file.entries += letters.length;
    if (file.entries <= 2 * deadLetters.size + spareEntries) return;
    const kept = deadLetters.list().map(toJson);
    const { position } = file.writer;
    await file.writer.snapshot({ position, agents: { [agentKey]: { lists: { letters: kept } } } }, { dropsLog: true });
    file.entries = 0;
  }

  /** Opens the cell of this worker, with the letters that an earlier write did not get there (S4). */
  async #open(owner: string): Promise<LetterFile> {
    const engine = this.#engine;
    const cell = cellOf(owner);
    engine.leases.start();
    const claim = await engine.store.claim(cell, owner);
    const stored = new Set((await readLetters(engine, cell, claim)).map(({ id }) => id));
    const writer = new CellWriter({ cell, store: engine.store, note: undefined, lost: () => {} });
    writer.start(claim);
    const file = { owner, writer, entries: claim.position - (claim.snapshot?.position ?? 0) };
    this.#file = file;
    const missing = engine.deadLetters.list().filter(({ id }) => !stored.has(id));
    if (missing.length > 0) await writer.append([recordOf(missing.map(toStored), engine.clock.now())]);
    return file;
  }
}

function cellOf(owner: string): string {
  return `${prefix}${owner}`;
}

async function readLetters({ store }: Engine, cell: string, claim: CellClaim): Promise<readonly DeadLetter[]> {
  const { snapshot } = claim;
  const records = await store.read(cell, { from: snapshot?.position ?? 0 });
  const images = foldLog(records, new Map(Object.entries(snapshot?.agents ?? {}))).agents;
  const letters = new Map<string, DeadLetter>();
  for (const item of images.get(agentKey)?.lists["letters"] ?? []) {
    const stored = trustType<StoredLetter>(item);
    if ("isGone" in stored) letters.delete(stored.id);
    else letters.set(stored.id, fromStored(stored));
  }
  return [...letters.values()];
}

/** Written as what a turn adds to a list, so that a log of letters is a log like any other. */
function recordOf(letters: readonly StoredLetter[], at: number): LogRecord {
  const items = letters.map((letter) => trustType<JsonValue>(letter));
  return { kind: "turn", at, turn: "", agent, messageId: "", lists: [{ name: "letters", isReplaced: false, items }] };
}

function toStored({ id, reason, at, mail, error }: DeadLetter): StoredLetter {
  return { id, reason, at, mail, ...(error !== undefined && { error: encodeError(error) }) };
}

function toJson(letter: DeadLetter): JsonValue {
  return trustType<JsonValue>(toStored(letter));
}

function fromStored({ id, reason, at, mail, error }: Exclude<StoredLetter, { readonly isGone: true }>): DeadLetter {
  return { id, reason, at, mail, error: error === undefined ? undefined : decodeError(error) };
}
