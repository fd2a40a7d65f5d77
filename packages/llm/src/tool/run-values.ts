import type { JsonValue } from "../model/json.ts";

/** Names one value that a program gives its runs, and says how it is read from a store. */
export interface RunValueKey {
  readonly name: string;
  /** The value as the program uses it, of the JSON that was stored. @throws when it does not fit. */
  parse(stored: JsonValue): unknown;
}

/** What a program gave a run: for tools, policies and prompts, never for models. Read it with the key that it was given with. */
export interface RunValues {
  /** Undefined when the run was not given it in this process, and it was not stored. */
  find(key: RunValueKey): unknown;
}
