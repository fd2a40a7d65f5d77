/** A Standard Schema that accepts everything: what is measured is the runtime, as peers check nothing. */
export interface Passthrough<T> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => { readonly value: T };
    readonly types?: { readonly input: T; readonly output: T } | undefined;
  };
}

/** Accepts everything as a `T`. */
export function passthrough<T>(): Passthrough<T> {
  return { "~standard": { version: 1, vendor: "bench", validate: (value) => ({ value: value as T }) } };
}
