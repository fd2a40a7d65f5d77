import { type Clock, ConfigError, keepOptions, type RandomSource } from "@troupe/core";
import { runToolCall, type ToolCallContext } from "../tool/run-tool-call.ts";
import type { Tool, ToolOutcome } from "../tool/tool.ts";
import { ToolLimiter } from "../tool/tool-limiter.ts";
import type { Workbench, WorkbenchTool } from "./workbench.ts";

/** Another name or description for a tool, as the model sees it. */
export interface ToolOverride {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
}

/** Options of `staticWorkbench`. */
export interface StaticWorkbenchOptions {
  /** Default `tools`. */
  readonly name?: string | undefined;
  /** By the tool's own name. */
  readonly overrides?: Readonly<Record<string, ToolOverride>> | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: RandomSource | undefined;
}

/**
 * A workbench of tools that do not change.
 *
 * An overridden tool answers to its new name and still to its own; streaming tools too. Limits of `concurrency` hold for the whole
 * workbench unless a call brings a limiter of its own.
 *
 * @throws ConfigError `config.duplicate_name` when two tools would answer to one name; `config.invalid_option` for an override of a tool
 * that is not there.
 */
export function staticWorkbench(tools: readonly Tool[], options: StaticWorkbenchOptions = {}): Workbench {
  const overrides = new Map(Object.entries(options.overrides ?? {}));
  const byName = indexTools(tools, overrides);
  const listed = tools.map((tool) => toWorkbenchTool(tool, overrides.get(tool.name)));
  const limiter = new ToolLimiter();
  const workbench: Workbench = {
    kind: "workbench",
    name: options.name ?? "tools",
    list: async ({ signal } = {}) => {
      signal?.throwIfAborted();
      return listed;
    },
    call: async (toolName: string, argumentsText: string, context: ToolCallContext): Promise<ToolOutcome> => {
      const tool = byName.get(toolName);
      if (tool === undefined) return toolNotFound(toolName, listed);
      const { clock, random } = options;
      return await runToolCall(tool, argumentsText, {
        ...context,
        limiter: context.limiter ?? limiter,
        clock: context.clock ?? clock,
        random: context.random ?? random,
      });
    },
    needsApproval: (toolName, argumentsText) => needsApproval(byName.get(toolName), argumentsText),
    close: () => Promise.resolve(),
  };
  return keepOptions(workbench, "@troupe/llm/staticWorkbench", { tools, ...options });
}

/** Arguments that do not fit are shown to nobody, and a rule that throws is left to the call: both become results by themselves. */
function needsApproval(tool: Tool | undefined, argumentsText: string): boolean {
  try {
    const parsed = tool?.parseArguments(argumentsText);
    return parsed?.kind === "valid" && parsed.needsApproval;
  } catch {
    return false;
  }
}

/** What a model reads when it calls a tool that does not exist: what does exist. */
export function toolNotFound(toolName: string, listed: readonly WorkbenchTool[]): ToolOutcome {
  const names = listed.map(({ declaration }) => declaration.name);
  const message = `Tool "${toolName}" not found. ${names.length === 0 ? "There are no tools." : `There are: ${names.join(", ")}.`}`;
  return { status: "error", content: [{ kind: "text", text: message }], failure: { code: "tool.not_found", message } };
}

/** Tools by every name they answer to. */
function indexTools(tools: readonly Tool[], overrides: ReadonlyMap<string, ToolOverride>): ReadonlyMap<string, Tool> {
  const byName = new Map<string, Tool>();
  const add = (name: string, tool: Tool): void => {
    const other = byName.get(name);
    if (other !== undefined && other !== tool) throw duplicateName(name);
    byName.set(name, tool);
  };
  for (const tool of tools) {
    if (byName.has(tool.name)) throw duplicateName(tool.name);
    add(tool.name, tool);
  }
  for (const [name, override] of overrides) {
    const tool = byName.get(name);
    if (tool === undefined || tool.name !== name) throw unknownOverride(name);
    if (override.name !== undefined) add(override.name, tool);
  }
  return byName;
}

function toWorkbenchTool(tool: Tool, override: ToolOverride | undefined): WorkbenchTool {
  const { timeoutMs, retries, concurrency, idempotent, maxResultBytes } = tool;
  const name = override?.name ?? tool.name;
  const description = override?.description ?? tool.description;
  return Object.freeze({
    declaration: Object.freeze({ ...tool.declaration, name, description }),
    limits: Object.freeze({ timeoutMs, retries, concurrency, idempotent, maxResultBytes }),
  });
}

function duplicateName(name: string): ConfigError {
  return new ConfigError("config.duplicate_name", `Two tools of a workbench answer to "${name}"`, {
    remedy: "Give one of them another name, or an override with another name.",
    details: { tool: name },
  });
}

function unknownOverride(name: string): ConfigError {
  return new ConfigError("config.invalid_option", `The workbench has no tool "${name}" to override`, {
    remedy: "Key the overrides by the tools' own names.",
    details: { tool: name },
  });
}
