/** How output leaves the buffer. */
export interface OutputBufferOptions {
  /** UTF-8 bytes that may leave; the rest is dropped. */
  readonly maxBytes: number;
  /** `isTruncated` as soon as something was dropped. */
  readonly send: (text: string, isTruncated: boolean) => void;
}

/** Small prints are gathered until this many UTF-16 units, or this long. */
const maxGathered = 8192;
const maxDelayMs = 25;

const encoder: TextEncoder = new TextEncoder();

/**
 * Gathers what a program prints and sends it in order, soon, and never more than the limit.
 *
 * 1. Pieces are sent in the order they were printed; each ends between characters.
 * 2. At most `maxBytes` leave, then once a line that says so; everything after is dropped without cost.
 * 3. `flush` sends what waits; `flushIfOld` does when it has waited for 25 ms, and is cheap to call often.
 */
export class OutputBuffer {
  readonly #maxBytes: number;
  readonly #send: OutputBufferOptions["send"];
  #gathered = "";
  #gatheredSince = 0;
  #bytes = 0;
  #isTruncated = false;

  constructor(options: OutputBufferOptions) {
    this.#maxBytes = options.maxBytes;
    this.#send = options.send;
  }

  /** Adds text as it is. */
  write(text: string): void {
    if (this.#isTruncated || text === "") return;
    if (this.#gathered === "") this.#gatheredSince = performance.now();
    this.#gathered += this.#fit(text);
    if (this.#gathered.length >= maxGathered || this.#isTruncated) this.flush();
    else this.flushIfOld();
  }

  /** Adds a line about the program's end; it is shown even when the program's own output was cut. */
  writeNotice(line: string): void {
    this.#gathered += `${line}\n`;
    this.flush();
  }

  flush(): void {
    if (this.#gathered === "") return;
    this.#send(this.#gathered, this.#isTruncated);
    this.#gathered = "";
  }

  flushIfOld(): void {
    if (this.#gathered !== "" && performance.now() - this.#gatheredSince >= maxDelayMs) this.flush();
  }

  #fit(text: string): string {
    const room = this.#maxBytes - this.#bytes;
    const { read, written } = encoder.encodeInto(text, new Uint8Array(Math.min(room, text.length * 3)));
    this.#bytes += written;
    if (read === text.length) return text;
    this.#isTruncated = true;
    return `${text.slice(0, read)}\n[output cut: the limit of ${this.#maxBytes} bytes is reached]\n`;
  }
}
