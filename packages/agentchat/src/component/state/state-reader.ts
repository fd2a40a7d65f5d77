import { type JsonObject, type JsonValue, TeamError, toJson } from "@troupe/core";

/** A value in a saved state of AutoGen's, and where it is. */
export class StateReader {
  readonly #value: unknown;
  readonly path: string;

  constructor(value: unknown, path: string) {
    this.#value = value;
    this.path = path;
  }

  /** A property; one that is not there reads as undefined. */
  at(name: string): StateReader {
    const value = isRecord(this.#value) && Object.hasOwn(this.#value, name) ? this.#value[name] : undefined;
    return new StateReader(value, this.path === "" ? name : `${this.path}.${name}`);
  }

  /** True when there is something. */
  get isThere(): boolean {
    return this.#value !== undefined && this.#value !== null;
  }

  /** @throws TeamError `run.invalid_snapshot`. */
  text(): string {
    if (typeof this.#value === "string") return this.#value;
    throw this.wrong("a text");
  }

  /** @throws TeamError `run.invalid_snapshot`. */
  integer(): number {
    if (typeof this.#value === "number" && Number.isInteger(this.#value)) return this.#value;
    throw this.wrong("a whole number");
  }

  /** Words, when it is words. */
  get words(): string | undefined {
    return typeof this.#value === "string" ? this.#value : undefined;
  }

  get flag(): boolean {
    return this.#value === true;
  }

  /** @throws TeamError `run.invalid_snapshot`. */
  items(): readonly StateReader[] {
    if (!Array.isArray(this.#value)) throw this.wrong("a list");
    return this.#value.map((item: unknown, index) => new StateReader(item, `${this.path}[${index}]`));
  }

  get isList(): boolean {
    return Array.isArray(this.#value);
  }

  /** @throws TeamError `run.invalid_snapshot`. */
  entries(): readonly (readonly [string, StateReader])[] {
    if (!isRecord(this.#value)) throw this.wrong("an object");
    return Object.keys(this.#value).map((name) => [name, this.at(name)]);
  }

  /** The value as it is. @throws TeamError `run.invalid_snapshot` for one that is no JSON, or nested without end. */
  json(): JsonValue {
    try {
      return toJson(this.#value ?? null, this.path);
    } catch {
      throw this.wrong("JSON of a reasonable depth");
    }
  }

  /** The error of a value that is something else. */
  wrong(expected: string): TeamError {
    return this.invalid(`is not ${expected}`);
  }

  /** The error of a value that cannot be restored. */
  invalid(problem: string): TeamError {
    const where = this.path === "" ? "the state" : `"${this.path}"`;
    return new TeamError("run.invalid_snapshot", `The state of AutoGen cannot be restored: ${where} ${problem}`, {
      remedy: "Give what save_state() of the same team returned, and a team of the same kind and names.",
      details: { path: this.path },
    });
  }
}

/** True for an object. */
export function isRecord(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
