import { type Component, defineNamedComponent, type StandIn } from "@troupe/core";
import type { CodeExecutor } from "../code/code-executor.ts";
import type { Memory } from "../memory/memory.ts";
import type { ChatModel } from "../model/chat-model.ts";
import type { Tool } from "../tool/tool.ts";
import type { Workbench } from "../workbench/workbench.ts";
import { contextComponents } from "./context-components.ts";
import { listMemoryComponent } from "./memory-components.ts";
import { replayModelComponent } from "./model-components.ts";
import { staticWorkbenchComponent, toolComponent } from "./tool-components.ts";

/** What documents may name: nothing else of the program is in their reach. */
export interface LlmComponentOptions {
  /** By the name that models call them. */
  readonly tools?: readonly Tool[] | undefined;
  readonly models?: Readonly<Record<string, ChatModel>> | undefined;
  readonly workbenches?: Readonly<Record<string, Workbench>> | undefined;
  readonly memories?: Readonly<Record<string, Memory>> | undefined;
  readonly executors?: Readonly<Record<string, CodeExecutor>> | undefined;
  /** What takes the place of things of other systems that have no counterpart here. */
  readonly standIns?: readonly StandIn[] | undefined;
}

/** The components of this package: contexts, memories, workbenches, a replaying model, and what the program lends by name. */
export function llmComponents(lent: LlmComponentOptions = {}): readonly Component[] {
  return [
    ...contextComponents(),
    toolComponent(lent.tools ?? []),
    staticWorkbenchComponent(),
    listMemoryComponent(),
    replayModelComponent(),
    ...namedComponents(lent),
  ];
}

/** What the program made itself: a document never decides where code runs or what is connected. */
function namedComponents(lent: LlmComponentOptions): readonly Component[] {
  const { standIns } = lent;
  const shared = { hasShortForm: true, standIns };
  return [
    defineNamedComponent<Workbench>({
      ...shared,
      provider: "@troupe/llm/Workbench",
      type: "workbench",
      what: "workbench",
      values: lent.workbenches ?? {},
    }),
    defineNamedComponent<Memory>({
      ...shared,
      provider: "@troupe/llm/Memory",
      type: "memory",
      what: "memory",
      values: lent.memories ?? {},
    }),
    defineNamedComponent<CodeExecutor>({
      ...shared,
      provider: "@troupe/llm/CodeExecutor",
      type: "code_executor",
      what: "executor",
      values: lent.executors ?? {},
    }),
    // The bare text is a model's id, which another component reads.
    defineNamedComponent<ChatModel>({
      provider: "@troupe/llm/ChatModel",
      type: "model",
      what: "model",
      values: lent.models ?? {},
      standIns,
    }),
  ];
}
