export { LogDecoder, type LogDecoderOptions } from "./codec/log-decoder.ts";
export { type EncodedRow, LogEncoder, type LogEncoderOptions } from "./codec/log-encoder.ts";
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
export { MemoryStore, type MemoryStoreOptions } from "./memory-store.ts";
export { freezeJson, measureJson } from "./freeze-json.ts";
export type {
  AppendNotes,
  CellClaim,
  CellRow,
  CellSnapshot,
  CollectedEntry,
  Fence,
  InboxEntry,
  LogRange,
  OwnerCall,
  RememberedTurn,
  RunFilter,
  RunNote,
  RunRow,
  RunStatus,
  SourceMark,
  SweepOptions,
  SweepReport,
  Store,
} from "./store.ts";
