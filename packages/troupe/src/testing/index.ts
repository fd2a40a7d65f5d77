// Models that say what they are told.
export {
  byTurn,
  type Cassette,
  type CassetteEntry,
  cassette,
  reply,
  type ReplyOptions,
  type Script,
  type ScriptedCall,
  ScriptedModel,
  type ScriptedModelOptions,
  type ScriptedReply,
  type ScriptEntry,
  type ScriptFunction,
} from "@troupe/llm/testing";

// Time that stands still until a test turns it.
export { ManualClock, type ManualClockOptions } from "@troupe/core/testing";

// A runtime that shows what would go wrong elsewhere.
export { testRuntime, type TestRuntimeOptions } from "./test-runtime.ts";
