/** What the command's exit code says; scripts may rely on these. */
export const exitCodes = {
  /** The run ended by a decision: finished, a condition, a budget, a stop. */
  ok: 0,
  /** A fault: a model, tool, team or store failed. */
  failed: 1,
  /** The call itself was wrong: arguments, files, keys, packages. */
  usage: 2,
  /** The run rests until somebody answers its questions. */
  inputRequired: 3,
  /** Ctrl+C. */
  interrupted: 130,
} as const;

/** One of the documented exit codes. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
