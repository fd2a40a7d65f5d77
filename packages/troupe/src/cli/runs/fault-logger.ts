import type { Logger, LogRecord } from "@troupe/core";
import { describeFailure } from "../failure.ts";

/** The error port of a command: faults that nobody awaits, in the words of its other errors; a stack only with `--debug`. */
export function createFaultLogger(write: (text: string) => void, isDebug: boolean): Logger {
  const tell = ({ message, error }: LogRecord): void =>
    write(`${message}\n${error === undefined ? "" : `${describeFailure(error, { isDebug })}\n`}`);
  return { debug: () => {}, info: () => {}, warn: tell, error: tell };
}
