export { type ScriptedModelOptions, ScriptedModel } from "./scripted-model.ts";
export { type ReplyOptions, type ScriptedPart, type ScriptedReply, type ScriptedToolCall, reply } from "./reply.ts";
export { type Script, type ScriptEntry, type ScriptFunction, type ScriptedCall, byTurn } from "./script.ts";
export { type Cassette, type CassetteEntry, cassette } from "./cassette.ts";
export {
  type ChatModelContractEnvironment,
  type ChatModelScenario,
  chatModelContract,
} from "./chat-model-contract.ts";
export {
  type CodeExecutorContractCase,
  type CodeExecutorContractEnvironment,
  type ContractPrograms,
  codeExecutorContract,
} from "./code-executor-contract.ts";
export { type HistoryValidator, historyValidators } from "./history-validators.ts";
export { type MemoryContractCase, type MemoryContractEnvironment, memoryContract } from "./memory-contract.ts";
