import { ConfigError, type ControlReason } from "@troupe/core";
import {
  type ListOptions,
  type Tool,
  type ToolDeclaration,
  type Workbench,
  type WorkbenchTool,
  workbenchTool,
} from "@troupe/llm";
import type { ChatAgentContext } from "../../turn/chat-agent-context.ts";
import type { ResolvedHandoff } from "../handoff.ts";

/** What a model may call in one answer. */
export interface ToolSet {
  /** Without the handoffs. */
  readonly tools: readonly Tool[];
  /** Of the tools and the handoffs, as the model sees them. */
  readonly declarations: readonly ToolDeclaration[];
}

/** Where the tools of an agent come from. */
export interface ToolSources {
  readonly tools: readonly Tool[];
  readonly workbenches: readonly Workbench[];
  readonly handoffs: readonly ResolvedHandoff[];
}

/** How asking for the tools ended. */
export type Listing =
  | { readonly kind: "listed"; readonly set: ToolSet }
  | { readonly kind: "stopped"; readonly reason: ControlReason }
  | { readonly kind: "failed"; readonly error: Error };

/** Milliseconds for one workbench to say what it has. */
const listingMs = 60_000;

/** The set of an agent without workbenches. */
export function fixedToolSet({ tools, handoffs }: Pick<ToolSources, "tools" | "handoffs">): ToolSet {
  const all = [...tools, ...handoffs.map((handoff) => handoff.tool)];
  return { tools, declarations: all.map((tool) => tool.declaration) };
}

/**
 * Asks the workbenches what they have at this moment. What they say is journaled, so that a turn that is run again sees the same tools.
 *
 * Two tools of one name are an error that names them: a model could not say which one it means.
 */
export async function listTools(sources: ToolSources, context: ChatAgentContext): Promise<Listing> {
  const tools = [...sources.tools];
  for (const workbench of sources.workbenches) {
    const outcome = await context.stepOutcome(
      `tools:${workbench.name}`,
      async ({ signal }) => list(workbench, { signal, run: context.run }),
      {
        idempotent: true,
        timeoutMs: listingMs,
      },
    );
    switch (outcome.status) {
      case "done":
        tools.push(...outcome.value.map((listed) => workbenchTool(workbench, withLimits(listed))));
        break;
      case "failed":
        return { kind: "failed", error: outcome.error };
      case "cancelled":
      case "unknown":
        return outcome.reason === undefined ? lost(workbench) : { kind: "stopped", reason: outcome.reason };
    }
  }
  const set = fixedToolSet({ tools, handoffs: sources.handoffs });
  const twice = repeated(set.declarations.map((declaration) => declaration.name));
  return twice === undefined ? { kind: "listed", set } : { kind: "failed", error: twoOfOneName(twice, sources) };
}

/** The first name that is there twice. */
export function repeated(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index);
}

/** A tool of a workbench as it is journaled: JSON has no Infinity. */
interface ListedTool {
  readonly declaration: ToolDeclaration;
  readonly limits: Omit<WorkbenchTool["limits"], "concurrency"> & { readonly concurrency: number | null };
}

async function list(workbench: Workbench, options: ListOptions): Promise<readonly ListedTool[]> {
  const listed = await workbench.list(options);
  return listed.map(({ declaration, limits }) => {
    const concurrency = Number.isFinite(limits.concurrency) ? limits.concurrency : null;
    return { declaration, limits: { ...limits, concurrency } };
  });
}

function withLimits({ declaration, limits }: ListedTool): WorkbenchTool {
  return { declaration, limits: { ...limits, concurrency: limits.concurrency ?? Number.POSITIVE_INFINITY } };
}

function lost(workbench: Workbench): Listing {
  const error = new ConfigError("config.invalid_definition", `Workbench "${workbench.name}" did not say what it has`, {
    remedy: "Run the task again, or leave the workbench out.",
  });
  return { kind: "failed", error };
}

function twoOfOneName(name: string, { workbenches }: ToolSources): ConfigError {
  const places = workbenches.map((workbench) => `"${workbench.name}"`).join(", ");
  return new ConfigError(
    "config.duplicate_name",
    `Two tools are called "${name}" in what the agent's tools, handoffs and workbenches (${places}) offer`,
    { remedy: "Rename one with an override of its workbench, or leave one out.", details: { name } },
  );
}
