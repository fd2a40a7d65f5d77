import { type ComponentRegistry, type Component } from "@troupe/core";
import { model, parseModelId } from "@troupe/ai-sdk";
import {
  type ChatModel,
  type CodeExecutor,
  isChatModel,
  isCodeExecutor,
  isMemory,
  isTool,
  isWorkbench,
  type Memory,
  type Tool,
  type Workbench,
} from "@troupe/llm";
import { wasmExecutor } from "@troupe/wasm-exec";
import { createRegistry } from "../../component/create-registry.ts";
import { offlineModel } from "./offline-model.ts";

/** How the documents of the command are read. */
export interface DocumentOptions {
  /** Stands in for every model of the document: an id, or `offline`. */
  readonly modelId?: string | undefined;
  /** What a module exports for documents to name, by name. */
  readonly lent?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * The registry of the command: whoever runs a document on the command line trusts it with the variables of this environment, and with a sandbox
 * for programs (`sandbox`).
 *
 * @throws ConfigError `config.invalid_model` for a model id that is none.
 */
export function documentRegistry({ modelId, lent = {} }: DocumentOptions = {}): ComponentRegistry {
  const sorted = sortLent(lent);
  const registry = createRegistry({ ...sorted, environment: process.env });
  return modelId === undefined ? registry : registry.map(standIn(findModel(modelId)));
}

function findModel(modelId: string): ChatModel {
  return modelId === "offline" ? offlineModel() : model(parseModelId(modelId).id);
}

/** Models of whatever provider become this one. */
function standIn(chat: ChatModel): (component: Component) => Component {
  return (component) =>
    component.type !== "model"
      ? component
      : {
          ...component,
          fromText: () => chat,
          forms: component.forms.map((form) => ({ ...form, load: () => chat })),
        };
}

interface Lent {
  readonly tools: Tool[];
  readonly models: Record<string, ChatModel>;
  readonly workbenches: Record<string, Workbench>;
  readonly memories: Record<string, Memory>;
  readonly executors: Record<string, CodeExecutor>;
  readonly named: Record<string, unknown>;
}

function sortLent(exported: Readonly<Record<string, unknown>>): Lent {
  const lent: Lent = {
    tools: [],
    models: {},
    workbenches: {},
    memories: {},
    executors: { sandbox: wasmExecutor() },
    named: {},
  };
  for (const [name, value] of Object.entries(exported)) {
    if (isTool(value)) lent.tools.push(value);
    else if (isChatModel(value)) lent.models[name] = value;
    else if (isWorkbench(value)) lent.workbenches[name] = value;
    else if (isMemory(value)) lent.memories[name] = value;
    else if (isCodeExecutor(value)) lent.executors[name] = value;
    else lent.named[name] = value;
  }
  return lent;
}
