import type { StandardSchemaV1 } from "@standard-schema/spec";

/** Which items to read: from an index, at most so many. Default: all. */
export interface ListRange {
  readonly from?: number | undefined;
  readonly limit?: number | undefined;
}

/**
 * A typed, append-only list that belongs to one agent (C2). What a turn appends it can read at once; others see it after the commit.
 *
 * @throws StateError `state.invalid_list_item` when an item does not fit its schema.
 */
export interface List<T> {
  readonly length: number;
  append(item: T): void;
  read(range?: ListRange): Promise<readonly T[]>;
  /** Replaces everything: for compaction. */
  replaceAll(items: readonly T[]): void;
}

/** The lists of a definition, by name. */
export type Lists<L> = {
  readonly [K in keyof L]: L[K] extends StandardSchemaV1<infer _In, infer Out> ? List<Out> : never;
};
