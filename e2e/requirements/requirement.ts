import { test } from "vitest";

/**
 * One behaviour that Troupe owes its users, taken from the specification of AutoGen or from its list of weak points.
 *
 * `parity`: as AutoGen does. `better`: where AutoGen fails. `replaced`: Troupe answers the same need by other means on purpose;
 * `replacedBy` says which, and the test verifies the replacement.
 */
export type Requirement = { readonly id: string; readonly text: string; readonly knownFailure?: string } & (
  | { readonly kind: "parity" | "better"; readonly replacedBy?: never }
  | { readonly kind: "replaced"; readonly replacedBy: string }
);

/** The rows of one file, by id. */
export type Requirements = ReadonlyMap<string, Requirement>;

/** A test body: may be asynchronous. */
export type Verification = () => void | Promise<void>;

/** Checks a list of rows and indexes it. @throws Error for an id used twice, or a `replaced` row that does not say by what. */
export function defineRequirements(rows: readonly Requirement[]): Requirements {
  const byId = new Map<string, Requirement>();
  for (const row of rows) {
    if (byId.has(row.id)) throw new Error(`two requirements have the id "${row.id}"`);
    if (row.text.trim() === "") throw new Error(`requirement "${row.id}" has no text`);
    if (row.kind === "replaced" && row.replacedBy.trim() === "")
      throw new Error(`requirement "${row.id}" does not say what replaces it`);
    byId.set(row.id, row);
  }
  return byId;
}

/** Declares tests that carry the ids of rows. */
export interface Verifier {
  /**
   * Runs `verify` as a test of row `id`. A row may be verified by several tests. A row with a `knownFailure` is expected to fail:
   * it turns red when it passes, so that nobody forgets to take the mark away.
   */
  verifies(id: string, name: string, verify: Verification): void;
}

/** Makes the `verifies` of one set of rows. Its test files must call it as `verifies("id", ...)`: the coverage test reads them. */
export function createVerifier(requirements: Requirements): Verifier {
  return {
    verifies: (id, name, verify) => {
      const row = requirements.get(id);
      if (row === undefined) throw new Error(`no requirement has the id "${id}"`);
      const title = `[${id}] ${name}`;
      if (row.knownFailure === undefined) test(title, verify);
      else test.fails(`${title} (known: ${row.knownFailure})`, verify);
    },
  };
}
