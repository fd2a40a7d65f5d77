/**
 * The open cells of a runtime.
 *
 * Owns: which cell object stands for a name, those that wait for one to open, and the last writes of cells that have closed.
 * Invariants:
 * O1. At most one cell object for each name, also while a store opens or closes it slowly.
 * O2. Callers are served in the order in which they asked: nobody who comes later passes one who waits for the opening.
 * O3. A name is claimed anew only after its last owner's last write has settled.
 */
import { isPromiseLike, type MaybePromise } from "../../async/index.ts";
import { StoreError } from "../../errors/index.ts";
import { Cell, type CellOptions, type OpenedCell } from "./cell.ts";

interface Waiter {
  readonly serve: (cell: Cell) => void;
  readonly refuse: (error: unknown) => void;
}

interface Opened {
  readonly cell: Cell;
  /** Undefined when somebody else has opened the cell meanwhile. */
  readonly found: OpenedCell | undefined;
}

/** What the table needs of its runtime. */
export interface CellHost {
  /** All that cells have in common; asked anew for each, because a worker that was declared dead takes another name. */
  readonly parts: () => Omit<CellOptions, "name" | "keepsLog" | "onLost" | "onEvent">;
  /** A cell was opened; what its log and inbox still want done starts here. */
  readonly opened: (cell: Cell, found: OpenedCell) => void;
  /** A write of the cell has failed: it is of no use any more. */
  readonly lost: (cell: Cell, error: unknown) => void;
  /** Hears of each stored event of a run; undefined when nobody watches. */
  readonly stored: ((cell: string, event: Parameters<NonNullable<CellOptions["onEvent"]>>[0]) => void) | undefined;
  /** The error for whoever asks a closed runtime for a cell. */
  readonly closedError: () => Error;
}

export class CellTable {
  readonly #host: CellHost;
  readonly #cells = new Map<string, Cell>();
  readonly #opening = new Map<string, Waiter[]>();
  readonly #leaving = new Map<string, Promise<void>>();
  #isClosed = false;

  constructor(host: CellHost) {
    this.#host = host;
  }

  get size(): number {
    return this.#cells.size;
  }

  all(): IterableIterator<Cell> {
    return this.#cells.values();
  }

  get(name: string): Cell | undefined {
    return this.#cells.get(name);
  }

  /** Hands the cell to `use`: at once when it is open or the store answers at once. */
  with<T>(name: string, keepsLog: boolean, use: (cell: Cell) => MaybePromise<T>): MaybePromise<T> {
    const known = this.#cells.get(name);
    if (known !== undefined) return use(known);
    if (this.#isClosed) throw this.#host.closedError();
    const waiters = this.#opening.get(name);
    if (waiters !== undefined) return queueUp(waiters, use);
    const opened = this.#open(name, keepsLog);
    if (!isPromiseLike(opened)) return use(this.#entered(opened));
    const first: Waiter[] = [];
    this.#await(name, opened, first);
    return queueUp(first, use);
  }

  #await(name: string, opened: PromiseLike<Opened>, waiters: Waiter[]): void {
    this.#opening.set(name, waiters);
    opened.then(
      (result) => this.#serve(name, result),
      (error: unknown) => this.#refuse(name, error),
    );
  }

  #open(name: string, keepsLog: boolean): MaybePromise<Opened> {
    const leaving = this.#leaving.get(name);
    if (leaving === undefined) return this.#claim(name, keepsLog);
    return leaving.then(() => {
      const back = this.#cells.get(name);
      return back === undefined ? this.#claim(name, keepsLog) : { cell: back, found: undefined };
    });
  }

  #claim(name: string, keepsLog: boolean): MaybePromise<Opened> {
    const { parts, lost, stored } = this.#host;
    const onEvent: CellOptions["onEvent"] = stored === undefined ? undefined : (event) => stored(name, event);
    const cell = new Cell({ ...parts(), name, keepsLog, onLost: (error) => lost(cell, error), onEvent });
    const opened = cell.open();
    return isPromiseLike(opened) ? opened.then((found) => ({ cell, found })) : { cell, found: opened };
  }

  #enter({ cell, found }: Opened): Cell {
    if (found === undefined || this.#cells.get(cell.name) === cell) return cell;
    this.#cells.set(cell.name, cell);
    this.#host.opened(cell, found);
    return cell;
  }

  /** Everything in one go, so that nobody gets in between what the log holds and those who wait. */
  #serve(name: string, opened: Opened): void {
    if (this.#isClosed) {
      this.#refuse(name, this.#host.closedError());
      return;
    }
    const waiters = this.#opening.get(name) ?? [];
    this.#opening.delete(name);
    try {
      const cell = this.#entered(opened);
      for (const [index, waiter] of waiters.entries()) {
        // What one of them did may have sent the cell out of memory again: it is opened anew for the others.
        if (this.#cells.get(name) !== cell) return this.#serveLater(cell, waiters.slice(index));
        waiter.serve(cell);
      }
    } catch (error) {
      for (const waiter of waiters) waiter.refuse(error);
    }
  }

  /** Those who have waited longest come first (O2). */
  #serveLater(cell: Cell, waiters: Waiter[]): void {
    const { name, keepsLog } = cell;
    const others = this.#opening.get(name);
    if (others !== undefined) {
      others.unshift(...waiters);
      return;
    }
    const again = this.#cells.get(name) ?? this.#open(name, keepsLog);
    if (isPromiseLike(again)) this.#await(name, again, waiters);
    else {
      this.#opening.set(name, waiters);
      this.#serve(name, again instanceof Cell ? { cell: again, found: undefined } : again);
    }
  }

  /** @throws StoreError `store.unavailable` when the first write to the cell has lost it already. */
  #entered(opened: Opened): Cell {
    const cell = this.#enter(opened);
    if (this.#cells.get(cell.name) === cell) return cell;
    throw new StoreError("store.unavailable", `Cell "${cell.name}" was lost while it was being opened`, {
      remedy: "Try again: it is opened anew from its log.",
      details: { cell: cell.name },
    });
  }

  #refuse(name: string, error: unknown): void {
    const waiters = this.#opening.get(name) ?? [];
    this.#opening.delete(name);
    for (const waiter of waiters) waiter.refuse(error);
  }

  /** Hears in the very moment when the opening of a cell is refused: whoever comes after that must not pass who waited for it. */
  whenRefused(name: string, refuse: (error: unknown) => void): void {
    this.#opening.get(name)?.push({ serve: () => {}, refuse });
  }

  /** True while a store takes its time to open the cell. */
  isOpening(name: string): boolean {
    return this.#opening.has(name);
  }

  /** True while a cell of this name is open, is being opened, or has its last write under way. */
  isPresent(name: string): boolean {
    return this.#cells.has(name) || this.#opening.has(name) || this.#leaving.has(name);
  }

  /** Takes a cell out; its name is free again when `lastWrite`, whose failure is its owner's business, has settled. */
  remove(name: string, lastWrite: MaybePromise<void>): void {
    this.#cells.delete(name);
    if (!isPromiseLike(lastWrite)) return;
    const settled: Promise<void> = Promise.resolve(lastWrite)
      .catch(() => {})
      .then(() => {
        if (this.#leaving.get(name) === settled) this.#leaving.delete(name);
      });
    this.#leaving.set(name, settled);
  }

  /**
   * Puts a cell back whose last write has failed: memory is the only place that still has what it holds. One that can write no more was lost,
   * and is opened anew from its log.
   */
  putBack(cell: Cell): void {
    if (!this.#isClosed && !cell.isStopped && !this.#cells.has(cell.name)) this.#cells.set(cell.name, cell);
  }

  close(): void {
    this.#isClosed = true;
    for (const cell of this.#cells.values()) cell.endWatchers();
    this.#cells.clear();
    for (const name of this.#opening.keys()) this.#refuse(name, this.#host.closedError());
  }
}

/** Waits for the opening; `use` runs inside it. */
function queueUp<T>(waiters: Waiter[], use: (cell: Cell) => MaybePromise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const serve = (cell: Cell): void => {
      try {
        resolve(use(cell));
      } catch (error) {
        reject(error);
      }
    };
    waiters.push({ serve, refuse: reject });
  });
}
