/**
 * The names inside one branch of a turn: each step, wait and message gets a key from its scope, its name and its occurrence (C6).
 * A fresh attempt counts from 0 again, so that the same code asks for the same keys.
 */
export class Scope {
  readonly name: string;
  #occurrences: Map<string, number> | undefined;
  /** Messages and events that this scope has queued in this attempt. */
  messages = 0;
  events = 0;
  /** Numbers of `random()` and `newId()`. */
  draws = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** The key of the next thing with this name. */
  key(name: string): string {
    this.#occurrences ??= new Map();
    const count = (this.#occurrences.get(name) ?? 0) + 1;
    this.#occurrences.set(name, count);
    return `${this.name}${name}#${count}`;
  }

  /** The key of a thing whose caller numbers it. */
  fixedKey(name: string, id: string): string {
    return `${this.name}${name}=${id}`;
  }

  child(name: string): Scope {
    return new Scope(`${this.key(name)}/`);
  }
}
