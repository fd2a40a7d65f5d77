/** What a provider accepts as the id of a tool call. */
export interface CallIdRule {
  /** A regular expression for the whole id. */
  readonly pattern: string;
  readonly maxLength: number;
}

/** Letters and digits of an id that had to be made: what every provider accepts. */
const madeLength = 9;

/** Makes ids of calls that a provider accepts, each once; equal ids of equal histories come out equal. */
export class CallIds {
  readonly #used = new Set<string>();
  readonly #rule: CallIdRule | undefined;
  readonly #pattern: RegExp;

  constructor(rule: CallIdRule | undefined) {
    this.#rule = rule;
    this.#pattern = new RegExp(`^(?:${rule?.pattern ?? "[^]+"})$`);
  }

  /** Takes an id as it is. False when it was taken before, or the provider would not accept it. */
  take(callId: string): boolean {
    if (this.#used.has(callId) || !this.#isAccepted(callId)) return false;
    this.#used.add(callId);
    return true;
  }

  /** Whether it was taken. */
  has(callId: string): boolean {
    return this.#used.has(callId);
  }

  /** The id itself, or one made of it. */
  makeOf(callId: string): string {
    const base = callId === "" ? "call" : callId;
    for (let copy = 1; ; copy += 1) {
      const wished = copy === 1 ? base : `${base}-${copy}`;
      if (this.take(wished)) return wished;
      if (this.#isAccepted(wished)) continue;
      const made = madeOf(wished);
      if (this.take(made)) return made;
    }
  }

  #isAccepted(callId: string): boolean {
    return callId !== "" && callId.length <= (this.#rule?.maxLength ?? callId.length) && this.#pattern.test(callId);
  }
}

/** Letters and digits that stand for a text: two FNV-1a hashes (http://www.isthe.com/chongo/tech/comp/fnv/), 32 bit each. */
function madeOf(text: string): string {
  const digits = hash(text, 0x811c9dc5).toString(36) + hash(text, 0x9747b28c).toString(36);
  return digits.padEnd(madeLength, "0").slice(0, madeLength);
}

function hash(text: string, seed: number): number {
  let value = seed;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}
