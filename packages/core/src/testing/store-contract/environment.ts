import type { MaybePromise } from "../../async/index.ts";
import type { Store } from "../../store/index.ts";
import type { ContractCase, ContractSubject } from "../contract.ts";
import { expectThat } from "../expectation.ts";

/** What a store shows to its contract. A store that cannot offer one of the optional parts skips the cases that need it. */
export interface StoreEnvironment {
  /** A new, empty store. */
  readonly store: Store;
  /**
   * Opens the same data again, as another process would, also after `store` was closed; the case closes what it opened.
   * Absent for stores that one process holds.
   */
  readonly open?: (() => MaybePromise<Store>) | undefined;
  /** Makes a worker silent for longer than its lease, without telling the store's other handles. Absent where the last claim wins. */
  readonly expire?: ((owner: string) => MaybePromise<void>) | undefined;
  /** Bytes that the data take now, for stores that can tell. */
  readonly storedBytes?: (() => MaybePromise<number>) | undefined;
}

/** A case of the store contract. */
export type StoreCase = ContractCase<StoreEnvironment>;

/** The skips of a subject that leaves out cases for one reason. */
export function skipAll(cases: readonly StoreCase[], reason: string): NonNullable<ContractSubject<unknown>["skips"]> {
  return Object.fromEntries(cases.map(({ name }) => [name, reason]));
}

/** Runs an action with a second handle on the environment's data and closes it. */
export async function withOther(
  { open }: StoreEnvironment,
  action: (other: Store) => MaybePromise<void>,
): Promise<void> {
  expectThat(open !== undefined, "this case needs `open`: offer it, or skip the case with a reason");
  const other = await open();
  try {
    await action(other);
  } finally {
    await other.close();
  }
}

/** Makes a worker silent. */
export async function silence({ expire }: StoreEnvironment, owner: string): Promise<void> {
  expectThat(expire !== undefined, "this case needs `expire`: offer it, or skip the case with a reason");
  await expire(owner);
}
