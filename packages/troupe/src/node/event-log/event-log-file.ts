/**
 * The audit trail of a runtime: every durable event of every run as a line of JSON.
 *
 * Owns: the lines that wait to be written, the file. Does not own: the events, which the store keeps; the file is for people and their tools.
 * Invariants:
 * L1. Every event heard becomes one line, in order, or is counted in a line `events-dropped`. After a fault of the disk a line may be there twice.
 * L2. Hearing an event never waits and never throws; what waits to be written is bounded.
 * L3. A fault of the disk is reported once; lines are written again when it is over.
 * L4. No line is longer than `maxLineBytes`, and none holds a secret that can be known as one.
 * L5. After `close` nothing is written and no file is open.
 */
import { ConfigError, type Logger, type RuntimeObserver } from "@troupe/core";
import { formatEventLine, minLineBytes, type StoredEvent } from "./event-line.ts";
import { RotatingFile } from "./rotating-file.ts";
import { createSecretFilter, type SecretFilter } from "./secret-filter.ts";

/** Options of `eventLogFile`. Together they bound what it can take of a disk: `maxFiles` times `maxBytes`. */
export interface EventLogFileOptions {
  /** The current file; older ones stand beside it, as `name.<time>-<tag>.ext`. Folders are made. */
  readonly path: string;
  /** Bytes of one file; default 10 MiB. */
  readonly maxBytes?: number | undefined;
  /** Milliseconds for which a line is kept at most; default 30 days. Looked at whenever something is written. */
  readonly maxAgeMs?: number | undefined;
  /** Files, the current one included, at least 2; default 10. */
  readonly maxFiles?: number | undefined;
  /** Bytes of one line, at least 4,096; default 65,536. A longer payload is cut, and the line says so. */
  readonly maxLineBytes?: number | undefined;
  /** Takes more out of every text than the secrets that are known by their form, their field's name or the environment. */
  readonly redact?: ((text: string) => string) | undefined;
  /** The error port: give it the runtime's. Default: a line on standard error. */
  readonly logger?: Pick<Logger, "error"> | undefined;
  /** Epoch milliseconds; default the system's. */
  readonly now?: (() => number) | undefined;
}

/** An event log in a file. */
export interface EventLogFile {
  /** Pass it as a runtime's `observer`, or call it from one. */
  readonly observe: RuntimeObserver;
  /** Opens the file now instead of at the first event. @throws ConfigError `config.invalid_option` when it cannot be written. */
  open(): Promise<void>;
  /** Resolves when everything heard so far is in the file, the disk failed, or five seconds have passed. */
  flush(): Promise<void>;
  /** Writes what waits, for at most five seconds, and closes the file. Safe twice. */
  close(): Promise<void>;
}

const day = 86_400_000;

/** Bytes that may wait for a disk; more are dropped and counted. */
const maxWaitingBytes = 8 * 1_048_576;

/** Milliseconds before a disk is tried again after a fault. */
const retryMs = 1_000;

/** Milliseconds that `close` gives a disk. */
const closeMs = 5_000;

/**
 * Writes every durable event of a runtime into a file, one JSON object per line: `at`, `cell`, `runId`, `sequence`, `path`, `kind`, `cost`,
 * `payload`.
 *
 * It never slows a run down or fails it: lines are written behind its back, a disk that fails is reported once, and what a slow disk cannot
 * take is dropped and counted. Lines are in the file moments after the event's commit; a process that is killed in these moments leaves a gap
 * in the numbers of its run, which the store can fill.
 *
 * @example
 * ```ts
 * const log = eventLogFile({ path: "logs/runs.jsonl" });
 * const runtime = new InProcessRuntime({ observer: log.observe });
 * ```
 * @throws ConfigError `config.invalid_option` for a limit out of range.
 */
export function eventLogFile(options: EventLogFileOptions): EventLogFile {
  return new EventLogWriter(options);
}

class EventLogWriter implements EventLogFile {
  readonly #path: string;
  readonly #file: RotatingFile;
  readonly #filter: SecretFilter;
  readonly #maxLineBytes: number;
  readonly #logger: Pick<Logger, "error">;
  readonly #now: () => number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined;
  #isFaulty = false;
  /** Epoch milliseconds before which a disk that failed is left alone. */
  #retryAt = 0;
  #isClosed = false;

  constructor(options: EventLogFileOptions) {
    const { path, redact, logger = standardError } = options;
    const now = options.now ?? Date.now;
    this.#path = path;
    this.#now = now;
    this.#logger = logger;
    this.#filter = createSecretFilter({ environment: process.env, redact });
    this.#maxLineBytes = atLeast("maxLineBytes", options.maxLineBytes ?? 65_536, minLineBytes);
    this.#file = new RotatingFile({
      path,
      maxBytes: atLeast("maxBytes", options.maxBytes ?? 10 * 1_048_576, this.#maxLineBytes),
      maxAgeMs: atLeast("maxAgeMs", options.maxAgeMs ?? 30 * day, 1),
      maxFiles: atLeast("maxFiles", options.maxFiles ?? 10, 2),
      now,
    });
  }

  readonly observe: RuntimeObserver = (event) => {
    if (event.kind === "event-stored") this.#hear(event);
  };

  async open(): Promise<void> {
    try {
      await this.#file.open();
    } catch (error) {
      throw new ConfigError("config.invalid_option", `The event log "${this.#path}" cannot be written.`, {
        remedy: "Name a file in a folder that can be written to.",
        cause: error,
      });
    }
  }

  flush(): Promise<void> {
    return atMost(closeMs, this.#flush());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await atMost(closeMs, this.#finish());
  }

  async #flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #finish(): Promise<void> {
    await this.#flush();
    // A last try, also for a disk that failed a moment ago.
    await this.#write();
    await this.#file.close().catch((error: unknown) => this.#report(error));
  }

  #hear(event: StoredEvent): void {
    if (this.#isClosed) return;
    try {
      this.#add(formatEventLine(event, { filter: this.#filter, maxLineBytes: this.#maxLineBytes }));
    } catch (error) {
      this.#dropped += 1;
      this.#report(error);
    }
    if (!this.#isFaulty || this.#now() >= this.#retryAt) this.#start();
  }

  #add(line: Buffer): void {
    if (this.#waitingBytes + line.length > maxWaitingBytes) {
      this.#dropped += 1;
      return;
    }
    this.#addGap();
    this.#push(line);
  }

  /** Says where lines are missing, in their place: those that wait are older, those to come newer. */
  #addGap(): void {
    if (this.#dropped === 0) return;
    const at = new Date(this.#now()).toISOString();
    this.#push(Buffer.from(`${JSON.stringify({ at, kind: "events-dropped", count: this.#dropped })}\n`));
    this.#dropped = 0;
  }

  #push(line: Buffer): void {
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
  }

  #start(): void {
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
  }

  async #drain(): Promise<void> {
    // Events of one tick go together.
    await Promise.resolve();
    while (this.#waiting.length > 0 && (await this.#write()));
  }

  /** Writes what waits; false when the disk failed. */
  async #write(): Promise<boolean> {
    this.#addGap();
    const lines = this.#waiting;
    if (lines.length === 0) return true;
    this.#waiting = [];
    try {
      await this.#file.append(lines);
    } catch (error) {
      this.#waiting = [...lines, ...this.#waiting];
      this.#report(error);
      return false;
    }
    this.#isFaulty = false;
    this.#waitingBytes -= lines.reduce((sum, line) => sum + line.length, 0);
    return true;
  }

  #report(error: unknown): void {
    const isNew = !this.#isFaulty;
    this.#isFaulty = true;
    this.#retryAt = this.#now() + retryMs;
    if (!isNew) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.#logger.error({ message: `The event log "${this.#path}" cannot be written: ${reason}`, error });
  }
}

/** Nobody gave an error port. */
const standardError: Pick<Logger, "error"> = {
  error: ({ message }) => void process.stderr.write(`${message}\n`),
};

/** Waits for work, but not for ever; the work never rejects. */
async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, tooLong]);
  clearTimeout(timer);
}

function atLeast(name: string, value: number, least: number): number {
  if (value >= least) return value;
  throw new ConfigError("config.invalid_option", `Option "${name}" of the event log is ${value}`, {
    remedy: `Give a number of at least ${least}, or leave it out.`,
  });
}
