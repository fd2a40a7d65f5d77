import type { JsonValue } from "../model/json.ts";
import { readEscape, readWord } from "./json-tokens.ts";

/** How far a reader has come: `open` also before the first character. */
export type JsonReaderState = "open" | "complete" | "broken";

type Container =
  | { readonly kind: "object"; readonly members: { [key: string]: JsonValue }; key: string }
  | { readonly kind: "array"; readonly items: JsonValue[] };

type Mode = "value" | "key" | "colon" | "next" | "string" | "word" | "comment" | "done";

/** Deeper nesting than this is refused: what walks the value later must not run out of stack. */
const maxDepth = 200;

const blank = /[\s\u00a0\ufeff]/;
const wordCharacter = /[\w$+.-]/;
const closingQuotes: Readonly<Record<string, string>> = { '"': '"', "'": "'", "\u201c": "\u201d" };

/**
 * Reads one JSON value that comes in pieces, and shows at any time what is known of it.
 *
 * Reads JSON (RFC 8259) and those slips of models that leave no doubt about the value: a comma too much before a bracket, comments, single
 * or curly quotes, keys without quotes, line breaks in strings, `True`, `False` and `None`. Anything else breaks it, and so does a key that
 * is there twice: two values for one name are a doubt.
 *
 * Owns: the value and the stack of what is open in it. Invariants:
 * 1. The value only grows: strings by their end, objects and lists by whole numbers, literals, keys and by items behind the last.
 * 2. In pieces or at once, the same text gives the same value.
 * 3. What is cut off is never `complete`, and after `broken` nothing changes any more.
 */
export class JsonReader {
  readonly #stack: Container[] = [];
  #root: JsonValue | undefined;
  #mode: Mode = "value";
  #afterComment: Mode = "value";
  /** What has been read of a string, a word or a comment. */
  #token = "";
  #escape = "";
  #quote = "";
  #isKey = false;
  #problem: string | undefined;
  #read = 0;

  get state(): JsonReaderState {
    if (this.#problem !== undefined) return "broken";
    return this.#mode === "done" ? "complete" : "open";
  }

  /** Why the text is no JSON; undefined unless broken. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** What is known by now; undefined before the first piece of a value. It goes on growing: copy what is to be kept. */
  get value(): JsonValue | undefined {
    return this.#root;
  }

  /** Characters up to the end of a complete value. */
  get length(): number {
    return this.#read;
  }

  /** Reads on; what stands behind a complete value is left alone. */
  write(text: string): void {
    for (let index = 0; index < text.length && this.state === "open"; ) {
      const taken = this.#take(text, index);
      index += taken;
      this.#read += taken;
    }
    if (this.#mode === "string" && !this.#isKey && this.state === "open") this.#show(wholeCharacters(this.#token));
  }

  /** Tells that the text has ended: a number at its very end is complete only now. */
  end(): void {
    if (this.#mode === "word" && this.#stack.length === 0) this.#endWord();
  }

  /** Takes one character, or a run of plain ones inside a string; 0 to look at the same one again. */
  #take(text: string, index: number): number {
    const character = text[index] ?? "";
    switch (this.#mode) {
      case "string":
        return this.#takeInString(text, index);
      case "word":
        if (!wordCharacter.test(character)) return this.#endWord();
        this.#token += character;
        return 1;
      case "comment":
        return this.#takeInComment(character);
      case "done":
        return 0;
      default:
        if (blank.test(character)) return 1;
        if (character === "/") return this.#openComment();
        this.#takeBetween(character, this.#mode);
        return 1;
    }
  }

  #takeBetween(character: string, mode: "value" | "key" | "colon" | "next"): void {
    const top = this.#stack.at(-1);
    if (mode === "colon")
      return character === ":" ? this.#enter("value") : this.#break("a colon is missing behind a key");
    if (mode === "next") {
      if (character === ",") return this.#enter(top?.kind === "object" ? "key" : "value");
      return this.#close(character);
    }
    if (mode === "key" ? character === "}" : character === "]") return this.#close(character);
    this.#isKey = mode === "key";
    const quote = closingQuotes[character];
    if (quote !== undefined) return this.#openString(quote);
    if (wordCharacter.test(character)) return this.#openWord(character);
    if (mode === "key") return this.#break(`${JSON.stringify(character)} stands where a key is expected`);
    if (character === "{") return this.#open({ kind: "object", members: {}, key: "" });
    if (character === "[") return this.#open({ kind: "array", items: [] });
    this.#break(`${JSON.stringify(character)} stands where a value is expected`);
  }

  #enter(mode: Mode): void {
    this.#token = "";
    this.#mode = mode;
  }

  #break(problem: string): void {
    this.#problem = problem;
  }

  #open(container: Container): void {
    if (this.#stack.length >= maxDepth) return this.#break(`it is nested more than ${maxDepth} levels deep`);
    this.#place(container.kind === "object" ? container.members : container.items);
    this.#stack.push(container);
    this.#enter(container.kind === "object" ? "key" : "value");
  }

  #close(character: string): void {
    const top = this.#stack.at(-1);
    const isFitting = (top?.kind === "object" && character === "}") || (top?.kind === "array" && character === "]");
    if (!isFitting) return this.#break(`${JSON.stringify(character)} stands where it does not belong`);
    this.#stack.pop();
    this.#settle();
  }

  /** A value has ended. */
  #settle(): void {
    this.#enter(this.#stack.length === 0 ? "done" : "next");
  }

  #place(value: JsonValue): void {
    const top = this.#stack.at(-1);
    if (top === undefined) this.#root = value;
    else if (top.kind === "array") top.items.push(value);
    else setMember(top.members, top.key, value);
  }

  /** Puts the longer text in the place of the shorter one. */
  #show(text: string): void {
    const top = this.#stack.at(-1);
    if (top === undefined) this.#root = text;
    else if (top.kind === "array") top.items[top.items.length - 1] = text;
    else setMember(top.members, top.key, text);
  }

  #setKey(key: string): void {
    const top = this.#stack.at(-1);
    if (top?.kind !== "object") return;
    if (Object.hasOwn(top.members, key)) return this.#break(`the key ${JSON.stringify(key)} is there twice`);
    top.key = key;
    this.#enter("colon");
  }

  // --- strings, words, comments ------------------------------------------------------------------

  #openString(quote: string): void {
    this.#enter("string");
    this.#quote = quote;
    this.#escape = "";
    if (!this.#isKey) this.#place("");
  }

  #takeInString(text: string, index: number): number {
    if (this.#escape !== "") return this.#takeEscape(text[index] ?? "");
    let end = index;
    while (end < text.length && text[end] !== this.#quote && text[end] !== "\\") end += 1;
    this.#token += text.slice(index, end);
    if (end === text.length) return end - index;
    if (text[end] === "\\") this.#escape = "\\";
    else this.#endString();
    return end - index + 1;
  }

  #takeEscape(character: string): number {
    this.#escape += character;
    const read = readEscape(this.#escape);
    if (read === undefined) return 1;
    if (read.kind === "invalid") this.#break(`${this.#escape} is no escape sequence`);
    else this.#token += read.text;
    this.#escape = "";
    return 1;
  }

  #endString(): void {
    if (this.#isKey) return this.#setKey(this.#token);
    this.#show(this.#token);
    this.#settle();
  }

  #openWord(character: string): void {
    this.#enter("word");
    this.#token = character;
  }

  #endWord(): 0 {
    const word = readWord(this.#token, this.#isKey);
    if (word.kind === "invalid") this.#break(`${this.#token} is no JSON`);
    else if (word.kind === "key") this.#setKey(word.key);
    else {
      this.#place(word.value);
      this.#settle();
    }
    return 0;
  }

  #openComment(): number {
    this.#afterComment = this.#mode;
    this.#enter("comment");
    this.#token = "/";
    return 1;
  }

  #takeInComment(character: string): number {
    this.#token =
      this.#token.length < 2 ? this.#token + character : this.#token.slice(0, 2) + this.#token.slice(-1) + character;
    if (this.#token.length === 2 && this.#token !== "//" && this.#token !== "/*") this.#break('"/" is no JSON');
    const isLine = this.#token.startsWith("//");
    const isOver = isLine ? character === "\n" : this.#token.length > 3 && this.#token.endsWith("*/");
    if (isOver) this.#enter(this.#afterComment);
    return 1;
  }
}

/** A member named `__proto__` stays data. */
function setMember(members: { [key: string]: JsonValue }, key: string, value: JsonValue): void {
  if (key !== "__proto__") members[key] = value;
  else Object.defineProperty(members, key, { value, writable: true, enumerable: true, configurable: true });
}

/** The text without the first half of a character at its end. */
function wholeCharacters(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text;
}
