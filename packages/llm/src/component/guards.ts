import type { CodeExecutor } from "../code/code-executor.ts";
import type { ModelContext } from "../context/model-context.ts";
import type { Memory } from "../memory/memory.ts";
import type { ChatModel } from "../model/chat-model.ts";
import type { Tool } from "../tool/tool.ts";
import type { Workbench } from "../workbench/workbench.ts";

/** True for a chat model, whoever made it. */
export function isChatModel(value: unknown): value is ChatModel {
  return isOfKind(value, "chat-model");
}

/** True for what `tool()` makes. */
export function isTool(value: unknown): value is Tool {
  return isOfKind(value, "tool");
}

/** True for a workbench. */
export function isWorkbench(value: unknown): value is Workbench {
  return isOfKind(value, "workbench");
}

/** True for a model context. */
export function isModelContext(value: unknown): value is ModelContext {
  return isOfKind(value, "model-context");
}

/** True for a memory. */
export function isMemory(value: unknown): value is Memory {
  return isOfKind(value, "memory");
}

/** True for a code executor. */
export function isCodeExecutor(value: unknown): value is CodeExecutor {
  return isOfKind(value, "code-executor");
}

function isOfKind(value: unknown, kind: string): boolean {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === kind;
}
