import type { StandardSchemaV1 } from "@standard-schema/spec";

/** Accepts everything. */
export const anything: StandardSchemaV1<unknown, unknown> = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) },
};

/** Lets the event loop run. */
export async function settleRounds(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) await new Promise((resolve) => setImmediate(resolve));
}
