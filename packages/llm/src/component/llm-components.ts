import { type Component, defineNamedComponent } from "@troupe/core";
import type { CodeExecutor } from "../code/code-executor.ts";
import type { Memory } from "../memory/memory.ts";
import type { ChatModel } from "../model/chat-model.ts";
import type { Tool } from "../tool/tool.ts";
import type { Workbench } from "../workbench/workbench.ts";
import { contextComponents } from "./context-components.ts";
import { listMemoryComponent, namedMemoryComponent } from "./memory-components.ts";
import { namedModelComponent, replayModelComponent } from "./model-components.ts";
import { namedWorkbenchComponent, staticWorkbenchComponent, toolComponent } from "./tool-components.ts";

/** What documents may name: nothing else of the program is in their reach. */
export interface LlmComponentOptions {
  /** By the name that models call them. */
  readonly tools?: readonly Tool[] | undefined;
  readonly models?: Readonly<Record<string, ChatModel>> | undefined;
  readonly workbenches?: Readonly<Record<string, Workbench>> | undefined;
  readonly memories?: Readonly<Record<string, Memory>> | undefined;
  readonly executors?: Readonly<Record<string, CodeExecutor>> | undefined;
}

/** The components of this package: contexts, memories, workbenches, a replaying model, and what the program lends by name. */
export function llmComponents(lent: LlmComponentOptions = {}): readonly Component[] {
  return [
    ...contextComponents(),
    toolComponent(lent.tools ?? []),
    staticWorkbenchComponent(),
    namedWorkbenchComponent(lent.workbenches ?? {}),
    namedMemoryComponent(lent.memories ?? {}),
    listMemoryComponent(),
    replayModelComponent(),
    namedModelComponent(lent.models ?? {}),
    executorComponent(lent.executors ?? {}),
  ];
}

/** Executors of the program, by name: a document never decides where code runs. */
function executorComponent(executors: Readonly<Record<string, CodeExecutor>>): Component {
  return defineNamedComponent<CodeExecutor>({
    provider: "@troupe/llm/CodeExecutor",
    type: "code_executor",
    what: "executor",
    values: executors,
    hasShortForm: true,
  });
}
