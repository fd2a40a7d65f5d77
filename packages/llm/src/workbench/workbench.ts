import type { ToolDeclaration } from "../model/chat-model.ts";
import type { RunValues } from "../tool/run-values.ts";
import type { ToolCallContext } from "../tool/run-tool-call.ts";
import type { ToolLimits, ToolOutcome } from "../tool/tool.ts";

/** What a workbench says about one of its tools. */
export interface WorkbenchTool {
  readonly declaration: ToolDeclaration;
  readonly limits: ToolLimits;
}

/** What a workbench may know when it says what it has. */
export interface ListOptions {
  /** What the program gave the run that asks: on whose behalf. Absent outside of runs. */
  readonly run?: RunValues | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A set of tools that may change while it is used (MCP servers, static lists). */
export interface Workbench {
  readonly kind: "workbench";
  readonly name: string;
  list(options?: ListOptions): Promise<readonly WorkbenchTool[]>;
  /**
   * Runs one call and never throws for a fault of the tool: that is an outcome with `status: "error"`. A tool that needs approval is
   * `denied` (`tool.not_approved`); call again with `isApproved` after somebody said yes.
   */
  call(toolName: string, argumentsText: string, context: ToolCallContext): Promise<ToolOutcome>;
  /** True when a person must say yes to this call first. Without it, calls that need approval are denied. Never throws. */
  needsApproval?(toolName: string, argumentsText: string): boolean;
  close(): Promise<void>;
}
