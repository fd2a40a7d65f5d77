import { ConfigError } from "@troupe/core";
import { toolNotFound } from "./static-workbench.ts";
import type { ListOptions, Workbench, WorkbenchTool } from "./workbench.ts";

/**
 * One view of several workbenches, in their order. It asks them anew for every list, so tools may come and go.
 *
 * A call goes to the workbench that lists the tool, else to each in turn until one knows the name (an overridden tool's own name, say).
 * Closing the view closes all of them, also when one fails to.
 *
 * @throws ConfigError `config.duplicate_name` from `list` and `call` when two workbenches list tools of one name.
 */
export function combineWorkbenches(workbenches: readonly Workbench[], name = "tools"): Workbench {
  const listAll = async (options: ListOptions): Promise<readonly Listed[]> => {
    const lists = await Promise.all(workbenches.map((workbench) => workbench.list(options)));
    const listed = workbenches.flatMap((workbench, index) => (lists[index] ?? []).map((tool) => ({ workbench, tool })));
    assertDistinct(listed);
    return listed;
  };
  return {
    kind: "workbench",
    name,
    list: async (options) => (await listAll(options ?? {})).map(({ tool }) => tool),
    call: async (toolName, argumentsText, context) => {
      const listed = await listAll({ signal: context.signal, run: context.run });
      const owner = listed.find(({ tool }) => tool.declaration.name === toolName)?.workbench;
      for (const workbench of owner === undefined ? workbenches : [owner]) {
        const outcome = await workbench.call(toolName, argumentsText, context);
        if (owner !== undefined || outcome.failure?.code !== "tool.not_found") return outcome;
      }
      return toolNotFound(
        toolName,
        listed.map(({ tool }) => tool),
      );
    },
    needsApproval: (toolName, argumentsText) =>
      workbenches.some((workbench) => workbench.needsApproval?.(toolName, argumentsText) === true),
    close: () => closeAll(workbenches),
  };
}

interface Listed {
  readonly workbench: Workbench;
  readonly tool: WorkbenchTool;
}

function assertDistinct(listed: readonly Listed[]): void {
  const owners = new Map<string, Workbench>();
  for (const { workbench, tool } of listed) {
    const { name } = tool.declaration;
    const other = owners.get(name);
    if (other !== undefined) throw duplicateName(name, [other, workbench]);
    owners.set(name, workbench);
  }
}

async function closeAll(workbenches: readonly Workbench[]): Promise<void> {
  const results = await Promise.allSettled(workbenches.map(async (workbench) => workbench.close()));
  const errors = results.flatMap((result): unknown[] => (result.status === "rejected" ? [result.reason] : []));
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} workbenches failed to close`);
}

function duplicateName(name: string, [first, second]: readonly [Workbench, Workbench]): ConfigError {
  return new ConfigError(
    "config.duplicate_name",
    `The workbenches "${first.name}" and "${second.name}" both have a tool "${name}"`,
    {
      remedy: "Rename one with an override, or leave one workbench out.",
      details: { tool: name, workbenches: [first.name, second.name] },
    },
  );
}
