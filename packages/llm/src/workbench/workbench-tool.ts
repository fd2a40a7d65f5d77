import { ToolError } from "@troupe/core";
import { cutResult } from "../tool/cut-result.ts";
import { type Checked, parseArgumentsText } from "../tool/parse-arguments.ts";
import type { ToolCallContext } from "../tool/run-tool-call.ts";
import type { ParsedArguments, Tool, ToolOutcome } from "../tool/tool.ts";
import type { Workbench, WorkbenchTool } from "./workbench.ts";

/**
 * A tool of a workbench as a tool of its own: for agents, which hold tools and workbenches side by side.
 *
 * The whole call happens in the workbench, which checks the arguments and holds the limits; what is listed here is a description of it. A
 * workbench that throws although it must not gives an error the model can read, and a result longer than the tool's limit is cut.
 */
export function workbenchTool(workbench: Workbench, { declaration, limits }: WorkbenchTool): Tool {
  const { name, description } = declaration;
  return Object.freeze({
    kind: "tool",
    name,
    description,
    declaration,
    ...limits,
    parseArguments: (text: string): ParsedArguments => {
      const parsed = parseArgumentsText(text);
      if (parsed.kind === "invalid") return parsed;
      const needsApproval = workbench.needsApproval?.(name, text) === true;
      return { kind: "valid", value: parsed.value, needsApproval, run: () => refuse(name, workbench) };
    },
    checkResult: (value: unknown): Checked<unknown> => ({ kind: "valid", value }),
    execute: () => refuse(name, workbench),
    callInWorkbench: async (text: string, context: ToolCallContext): Promise<ToolOutcome> => {
      const outcome = await call(workbench, { name, text, context });
      return { ...outcome, content: cutResult(outcome.content, limits.maxResultBytes) };
    },
  });
}

interface Call {
  readonly name: string;
  readonly text: string;
  readonly context: ToolCallContext;
}

async function call(workbench: Workbench, { name, text, context }: Call): Promise<ToolOutcome> {
  try {
    return await workbench.call(name, text, context);
  } catch (error) {
    const isStopped = context.signal.aborted;
    const reason = error instanceof Error ? error.message : String(error);
    const message = isStopped ? `The call was cancelled: ${reason}` : `Workbench "${workbench.name}" failed: ${reason}`;
    const code = isStopped ? "tool.cancelled" : "tool.failed";
    return {
      status: isStopped ? "cancelled" : "error",
      content: [{ kind: "text", text: message }],
      failure: { code, message },
    };
  }
}

function refuse(name: string, workbench: Workbench): never {
  throw new ToolError("tool.needs_workbench", `Tool "${name}" runs in workbench "${workbench.name}" only`, {
    remedy: "Run it with runToolCall, or call the workbench.",
  });
}
