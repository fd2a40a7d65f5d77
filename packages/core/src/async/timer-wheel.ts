import { type Clock, maxTimerDelayMs, type TimerHandle } from "./clock.ts";
import { yieldMacrotask } from "./yield-macrotask.ts";

const slotCount = 64;
const levelCount = 7;
/** Milliseconds that one slot of each level spans: 1, 64, 4096 ... */
const spans: readonly number[] = Array.from({ length: levelCount }, (_, level) => slotCount ** level);
/** Furthest delay that the levels hold, about 139 years; later ones are cut to it. */
const maxDelayTicks = slotCount ** levelCount - 1;

/** Entries that are due within one span of time, as a list through the entries. */
interface Slot {
  readonly level: number;
  /** First tick of the span; set anew whenever the slot gets its first entry. */
  startTick: number;
  head: WheelTimer | undefined;
}

/**
 * Any number of timers on one timer of the clock: for deadlines and time limits, which are set for every message and nearly all
 * cancelled. Setting and cancelling cost the same among 10 and 1,000,000.
 *
 * A hierarchical timing wheel (G. Varghese, T. Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987): a timer waits in a slot
 * of the coarsest level that fits its delay and moves to finer levels as its time comes, so it fires to the millisecond.
 *
 * 1. No timer, no timer of the clock: a wheel that is empty when the event loop has run has nothing armed (C29).
 * 2. A callback runs once, not before its time, in order of time; never inside `set`, never after `cancel`.
 * 3. A callback that throws keeps no other from running; the first error is thrown on to the clock.
 * 4. No slot with entries starts before `#tick`; so an index has one meaning at a time.
 */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #slots: (Slot | undefined)[] = Array.from({ length: slotCount * levelCount });
  readonly #countByLevel: number[] = Array.from({ length: levelCount }, () => 0);
  /** Everything up to this millisecond has fired. */
  #tick = 0;
  #count = 0;
  #keepAliveCount = 0;
  #armed: TimerHandle | undefined;
  #armedTick = Number.POSITIVE_INFINITY;
  #isFiring = false;
  #isSettling = false;
  #isHeld = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Timers that wait. */
  get size(): number {
    return this.#count;
  }

  /**
   * Calls `callback` once, `delayMs` from now (at least 1 ms). The timer alone does not keep the process alive; ask the handle
   * with `keepAlive(true)` when somebody waits for it.
   */
  set(delayMs: number, callback: () => void): TimerHandle {
    const now = this.#clock.monotonic();
    // Nothing starts before the armed tick, so the time up to now may be skipped (4).
    if (this.#count === 0 || (!this.#isFiring && this.#armedTick > now))
      this.#tick = Math.max(this.#tick, Math.floor(now));
    const delay = Math.min(Math.max(delayMs, 0), maxDelayTicks);
    const entry = new WheelTimer(this, Math.max(Math.ceil(now + delay), this.#tick + 1), callback);
    this.#insert(entry);
    this.#count += 1;
    const startTick = entry.slot?.startTick ?? entry.dueTick;
    if (startTick < this.#armedTick && !this.#isFiring) this.#arm(startTick);
    return entry;
  }

  /** Cancels every timer. */
  clear(): void {
    for (const slot of this.#slots) while (slot?.head !== undefined) this.remove(slot.head);
    this.#disarm();
  }

  /** @internal */
  remove(entry: WheelTimer): void {
    if (entry.slot === undefined) return;
    this.setKeepAlive(entry, false);
    this.#unlink(entry);
    this.#count -= 1;
    if (this.#count === 0) this.#settleLater();
  }

  /** @internal */
  setKeepAlive(entry: WheelTimer, isNeeded: boolean): void {
    if (entry.slot === undefined || entry.isKeepAlive === isNeeded) return;
    entry.isKeepAlive = isNeeded;
    this.#keepAliveCount += isNeeded ? 1 : -1;
    if (this.#keepAliveCount === 0) this.#settleLater();
    else this.#hold(true);
  }

  /**
   * Lets go of the clock's timer once the event loop has run: a conversation of requests and replies takes the wheel from none to
   * one timer and back for each message, and arming, referencing and cancelling cost more than the message.
   */
  #settleLater(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    void yieldMacrotask().then(() => {
      this.#isSettling = false;
      if (this.#count === 0) this.#disarm();
      else if (this.#keepAliveCount === 0) this.#hold(false);
    });
  }

  /** Makes the armed timer keep the process alive, or not. */
  #hold(isNeeded: boolean): void {
    if (this.#armed === undefined || this.#isHeld === isNeeded) return;
    this.#isHeld = isNeeded;
    this.#armed.keepAlive?.(isNeeded);
  }

  #insert(entry: WheelTimer): void {
    const delta = Math.min(entry.dueTick - this.#tick, maxDelayTicks);
    let level = 0;
    while (level < levelCount - 1 && delta >= spanOf(level + 1)) level += 1;
    const span = spanOf(level);
    const position = Math.floor((this.#tick + delta) / span);
    const index = level * slotCount + (position % slotCount);
    const slot = (this.#slots[index] ??= { level, startTick: 0, head: undefined });
    slot.startTick = position * span;
    entry.slot = slot;
    entry.next = slot.head;
    if (slot.head !== undefined) slot.head.previous = entry;
    slot.head = entry;
    this.#countByLevel[level] = (this.#countByLevel[level] ?? 0) + 1;
  }

  #unlink(entry: WheelTimer): void {
    const { slot, previous, next } = entry;
    if (slot === undefined) return;
    if (previous === undefined) slot.head = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    entry.slot = entry.previous = entry.next = undefined;
    this.#countByLevel[slot.level] = (this.#countByLevel[slot.level] ?? 0) - 1;
  }

  /** The slot that starts first; of two that start together the coarser one, whose entries must be sorted in first. */
  #firstSlot(): Slot | undefined {
    let first: Slot | undefined;
    for (let level = levelCount - 1; level >= 0; level--) {
      if (this.#countByLevel[level] === 0) continue;
      const slot = this.#firstOfLevel(level);
      if (slot !== undefined && (first === undefined || slot.startTick < first.startTick)) first = slot;
    }
    return first;
  }

  /**
   * Slots of a level start in the order of their indexes, beginning after the current one (4). The current index comes first when
   * its slot starts right now and is not emptied yet, last when it stands for the next round.
   */
  #firstOfLevel(level: number): Slot | undefined {
    const current = Math.floor(this.#tick / spanOf(level));
    const now = this.#slotAt(level, current);
    if (now?.head !== undefined && now.startTick <= this.#tick) return now;
    for (let ahead = 1; ahead <= slotCount; ahead++) {
      const slot = this.#slotAt(level, current + ahead);
      if (slot?.head !== undefined) return slot;
    }
    return undefined;
  }

  #slotAt(level: number, position: number): Slot | undefined {
    return this.#slots[level * slotCount + (position % slotCount)];
  }

  #arm(tick: number): void {
    this.#disarm();
    const delay = Math.min(Math.max(Math.ceil(tick - this.#clock.monotonic()), 0), maxTimerDelayMs);
    this.#armedTick = tick;
    this.#armed = this.#clock.setTimer(delay, () => this.#fire());
    this.#isHeld = false;
    if (this.#keepAliveCount > 0) this.#hold(true);
  }

  #disarm(): void {
    this.#armed?.cancel();
    this.#armed = undefined;
    this.#armedTick = Number.POSITIVE_INFINITY;
  }

  #fire(): void {
    this.#disarm();
    this.#isFiring = true;
    const errors: unknown[] = [];
    const now = this.#clock.monotonic();
    let slot = this.#firstSlot();
    while (slot !== undefined && slot.startTick <= now) {
      this.#tick = slot.startTick;
      this.#empty(slot, errors);
      slot = this.#firstSlot();
    }
    this.#isFiring = false;
    if (slot !== undefined) this.#arm(slot.startTick);
    if (errors.length > 0) throw errors[0];
  }

  /** Runs the callbacks of a finest slot, oldest first; sorts the entries of a coarser one into finer slots. */
  #empty(slot: Slot, errors: unknown[]): void {
    const entries: WheelTimer[] = [];
    for (let entry = slot.head; entry !== undefined; entry = entry.next) entries.push(entry);
    entries.reverse();
    for (const entry of entries) {
      // An earlier callback of this slot may have cancelled it.
      if (entry.slot !== slot) continue;
      if (entry.dueTick <= this.#tick) this.#run(entry, errors);
      else {
        this.#unlink(entry);
        this.#insert(entry);
      }
    }
  }

  #run(entry: WheelTimer, errors: unknown[]): void {
    this.remove(entry);
    try {
      entry.callback();
    } catch (error) {
      errors.push(error);
    }
  }
}

function spanOf(level: number): number {
  return spans[level] ?? 1;
}

/** A timer of the wheel: a node in the list of its slot; without a slot it has fired or was cancelled. */
class WheelTimer implements TimerHandle {
  readonly #wheel: TimerWheel;
  readonly dueTick: number;
  readonly callback: () => void;
  slot: Slot | undefined = undefined;
  previous: WheelTimer | undefined = undefined;
  next: WheelTimer | undefined = undefined;
  isKeepAlive = false;

  constructor(wheel: TimerWheel, dueTick: number, callback: () => void) {
    this.#wheel = wheel;
    this.dueTick = dueTick;
    this.callback = callback;
  }

  cancel(): void {
    this.#wheel.remove(this);
  }

  keepAlive(isNeeded: boolean): void {
    this.#wheel.setKeepAlive(this, isNeeded);
  }
}
