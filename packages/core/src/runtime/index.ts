export type {
  AgentRuntime,
  AgentSnapshot,
  BlockedCell,
  CloseOptions,
  ControlAction,
  EventRange,
  ForkTarget,
  OpenWait,
  RecoveredCell,
  RecoveryReport,
  RespondOptions,
  RunPoint,
  RuntimeStats,
  SendOptions,
  TellOptions,
} from "./agent-runtime.ts";
export type { DeadLetter, DeadLetterReason, DeadLetters } from "./delivery/dead-letters.ts";
export { InProcessRuntime } from "./in-process-runtime.ts";
export type { MailboxPolicy, RuntimeOptions } from "./runtime-options.ts";
export { type CellReplay, replayCell, type ReplayOptions } from "./replay/replay-cell.ts";
export type { ReplayMismatch } from "./replay/replay-mismatch.ts";
