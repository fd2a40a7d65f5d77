import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { List, ListRange } from "../../agent/index.ts";
import { type JsonValue, StateError } from "../../errors/index.ts";
import { validate } from "../../message/index.ts";
import { freezeJson, type ListChange } from "../../store/index.ts";

/** What a list draft stands on. */
export interface ListBase {
  readonly name: string;
  readonly schema: StandardSchemaV1;
  readonly committed: readonly JsonValue[];
  /** Throws when the turn may not change or read the list any more. */
  readonly assertUsable: (isWrite: boolean) => void;
}

/**
 * One list during one turn: the committed items, and what the turn adds.
 *
 * Invariant Q1: committed items are never copied or changed; a turn costs what it adds (C2).
 */
export class ListDraft implements List<unknown> {
  readonly #base: ListBase;
  #added: JsonValue[] = [];
  #isReplaced = false;

  constructor(base: ListBase) {
    this.#base = base;
  }

  get length(): number {
    return (this.#isReplaced ? 0 : this.#base.committed.length) + this.#added.length;
  }

  append(item: unknown): void {
    this.#base.assertUsable(true);
    this.#added.push(this.#check(item));
  }

  read(range: ListRange = {}): Promise<readonly unknown[]> {
    this.#base.assertUsable(false);
    const from = Math.max(0, range.from ?? 0);
    const to = range.limit === undefined ? this.length : from + range.limit;
    const committed = this.#isReplaced ? [] : this.#base.committed;
    const start = Math.min(from, committed.length);
    const old = committed.slice(start, to);
    const fresh = this.#added.slice(Math.max(0, from - committed.length), Math.max(0, to - committed.length));
    return Promise.resolve(fresh.length === 0 ? old : [...old, ...fresh]);
  }

  replaceAll(items: readonly unknown[]): void {
    this.#base.assertUsable(true);
    const checked = items.map((item) => this.#check(item));
    this.#isReplaced = true;
    this.#added = checked;
  }

  /** What the turn did to the list; undefined when nothing. */
  change(): ListChange | undefined {
    if (!this.#isReplaced && this.#added.length === 0) return undefined;
    return { name: this.#base.name, isReplaced: this.#isReplaced, items: this.#added };
  }

  /** Lists keep the schema's input form; the check also proves that the item can be read back. */
  #check(item: unknown): JsonValue {
    const what = `item of list "${this.#base.name}"`;
    const frozen = freezeJson(item, what);
    try {
      validate(this.#base.schema, frozen, { what });
    } catch (cause) {
      throw new StateError("state.invalid_list_item", `An ${what} does not fit its schema`, {
        remedy: "Append what the list's schema accepts, or correct the schema.",
        cause,
      });
    }
    return frozen;
  }
}
