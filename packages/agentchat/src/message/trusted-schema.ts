import type { StandardSchemaV1 } from "@standard-schema/spec";

/**
 * A schema for messages and lists that only this package writes: it names the type and checks nothing. What comes from outside (tasks,
 * answers, model output) is parsed where it enters.
 */
export function trustedSchema<T>(): StandardSchemaV1<T, T> {
  return {
    "~standard": {
      version: 1,
      vendor: "troupe",
      // oxlint-disable-next-line typescript/consistent-type-assertions -- the writer is this package
      validate: (value) => ({ value: value as T }),
    },
  };
}
