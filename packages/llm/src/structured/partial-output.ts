import type { ModelEvent } from "../model/chat-model.ts";
import { isJsonObject, type JsonValue } from "../model/json.ts";
import { JsonReader } from "./json-reader.ts";

/**
 * A value of which only a part is known yet: any member may be missing, any text may go on, any list may get longer.
 *
 * Nothing of it has been checked: the schema is asked when the whole is there.
 */
export type DeepPartial<T> = T extends readonly (infer Item)[]
  ? readonly DeepPartial<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]?: DeepPartial<T[Key]> }
    : T;

/** Where the value is in an answer. */
export interface PartialForm {
  /** The tool whose arguments are the value; undefined when only the words can be. */
  readonly toolName: string | undefined;
  /** The value is the member `value` of what is written. */
  readonly isWrapped: boolean;
  /** False when the words are something else than the value; default true. */
  readonly inWords?: boolean | undefined;
}

/**
 * Each picture shows at least this part more of the text than the last one, so that all pictures of an answer together are at most about
 * this many times as long as the answer.
 */
const picturesPerLength = 32;

/**
 * Reads along while a structured answer is streamed, and gives pictures of the value as far as it is known.
 *
 * Owns: what has been read of one answer. Invariants:
 * 1. A picture contains the ones before it: texts, lists and objects only grow.
 * 2. What is not JSON from its first character on (words, a thought aloud) has no pictures.
 */
export class PartialOutput {
  readonly #form: PartialForm;
  readonly #reader = new JsonReader();
  /** What stands in front of the value; undefined when the value has begun. */
  #lead: string | undefined = "";
  #isWords = false;
  #callId: string | undefined;
  #length = 0;
  #shown = 0;
  #last = "";

  constructor(form: PartialForm) {
    this.#form = form;
  }

  /** The value as far as it is known, as a copy; undefined when the event brought nothing that is worth a picture. */
  take(event: ModelEvent): JsonValue | undefined {
    const delta = this.#deltaOf(event);
    if (delta === "" || this.#isWords) return undefined;
    this.#read(delta);
    const isDue = this.#reader.state === "complete" || this.#length - this.#shown >= this.#length / picturesPerLength;
    return isDue ? this.#picture() : undefined;
  }

  #deltaOf(event: ModelEvent): string {
    const { toolName, inWords = true } = this.#form;
    if (event.kind === "text-delta") return inWords && this.#callId === undefined ? event.delta : "";
    if (event.kind !== "tool-call-delta" || event.toolName !== toolName) return "";
    // Words in front of the call were not the answer; a second call is a doubt that the whole answer will show.
    if (this.#callId === undefined && this.#length > 0) this.#isWords = true;
    this.#callId ??= event.callId;
    return event.callId === this.#callId ? event.delta : "";
  }

  #read(delta: string): void {
    if (this.#lead === undefined) return this.#write(delta);
    this.#lead += delta;
    const start = /^(?:\s|```[a-z0-9]*[^\S\n]*\n)*(?=[^\s`])/i.exec(this.#lead);
    if (start === null) return;
    const text = this.#lead.slice(start[0].length);
    this.#lead = undefined;
    this.#isWords = !/^[{[]/.test(text);
    if (!this.#isWords) this.#write(text);
  }

  #write(text: string): void {
    this.#length += text.length;
    this.#reader.write(text);
  }

  #picture(): JsonValue | undefined {
    const known = this.#reader.value;
    const value = this.#form.isWrapped ? memberOf(known) : known;
    if (value === undefined) return undefined;
    this.#shown = this.#length;
    const text = JSON.stringify(value);
    if (text === this.#last) return undefined;
    this.#last = text;
    return structuredClone(value);
  }
}

function memberOf(value: JsonValue | undefined): JsonValue | undefined {
  return isJsonObject(value) ? value["value"] : undefined;
}
