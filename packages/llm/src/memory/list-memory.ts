import { ConfigError } from "@troupe/core";
import { type Memory, type MemoryItem, type MemoryQueryOptions, toMemoryItem } from "./memory.ts";

/** Options of `ListMemory`. */
export interface ListMemoryOptions {
  /** Default `list`. */
  readonly name?: string | undefined;
  /** What is remembered from the start. */
  readonly items?: readonly (string | MemoryItem)[] | undefined;
}

/**
 * A memory that is a list: every query gets all of it, oldest first.
 *
 * For a handful of facts that are always good to know. It lives in the process: what must outlive it belongs into a memory with a store.
 *
 * @throws ConfigError `config.invalid_option` from `query` for a limit that is not a positive integer.
 */
export class ListMemory implements Memory {
  readonly kind = "memory";
  readonly name: string;
  readonly #items: MemoryItem[];

  constructor(options: ListMemoryOptions = {}) {
    this.name = options.name ?? "list";
    this.#items = (options.items ?? []).map(keep);
  }

  /** All that is remembered, oldest first: a copy. */
  get items(): readonly MemoryItem[] {
    return [...this.#items];
  }

  async add(item: string | MemoryItem, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    signal?.throwIfAborted();
    this.#items.push(keep(item));
  }

  /** The words do not matter: with a limit it is the newest items. */
  async query(_query: string, { limit, signal }: MemoryQueryOptions = {}): Promise<readonly MemoryItem[]> {
    signal?.throwIfAborted();
    if (limit === undefined) return [...this.#items];
    if (!(Number.isInteger(limit) && limit > 0)) throw invalidLimit(limit);
    return this.#items.slice(-limit);
  }

  async clear(): Promise<void> {
    this.#items.length = 0;
  }

  /** There is nothing to let go of. */
  async close(): Promise<void> {}

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A copy that nobody can change: what was added is what is remembered. */
function keep(item: string | MemoryItem): MemoryItem {
  const { content, ...rest } = toMemoryItem(item);
  return Object.freeze({ ...structuredClone(rest), content: Object.freeze(structuredClone(content)) });
}

function invalidLimit(limit: number): ConfigError {
  return new ConfigError("config.invalid_option", `limit is ${limit}`, {
    remedy: "Ask a memory for a whole number of items of at least 1, or leave the limit out.",
    details: { option: "limit" },
  });
}
