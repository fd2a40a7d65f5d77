export type { CellEvent, LiveEvent } from "./events.ts";
export type {
  AgentImage,
  ControlRecord,
  Flush,
  JournalRecord,
  ListChange,
  LogRecord,
  StepRecordOutcome,
  TurnRecord,
  WaitRecord,
  WaitRecordOutcome,
} from "./log-record.ts";
export { decodedPayload, type Mail, type ReplyAddress, type ReplyOutcome, turnIdOf } from "./mail.ts";
export { MemoryStore } from "./memory-store.ts";
export { freezeJson, measureJson } from "./freeze-json.ts";
export type { CellClaim, CellSnapshot, Fence, LogRange, Store } from "./store.ts";
