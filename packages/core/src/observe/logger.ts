import type { JsonObject } from "../errors/index.ts";
import type { AgentId } from "../identity/index.ts";

/** One thing worth telling an operator. Message contents never appear in it. */
export interface LogRecord {
  /** What happened, as a sentence with ids in quotes. */
  readonly message: string;
  /** Stable code of the matter, as in errors: `family.reason`. */
  readonly code?: string;
  readonly agent?: AgentId;
  readonly messageId?: string;
  /** The error as it was thrown. */
  readonly error?: unknown;
  readonly details?: JsonObject;
}

/** Where the runtime reports. `console`-like loggers need a few lines of adapter; without a logger nothing is computed. */
export interface Logger {
  debug(record: LogRecord): void;
  info(record: LogRecord): void;
  warn(record: LogRecord): void;
  error(record: LogRecord): void;
}
