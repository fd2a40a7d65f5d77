// The reference pages list what the sources declare: an option, event or stop reason that is added, renamed or removed without its
// page is red here.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** The text between the braces of a declaration. */
function bodyOf(source: string, declaration: string): string {
  const start = source.indexOf(declaration);
  if (start < 0) throw new Error(`there is no "${declaration}"`);
  const end = source.indexOf("\n}", start);
  return source.slice(start, end < 0 ? undefined : end);
}

/** Names of the properties and methods that an interface declares, at its own level. */
function membersOf(path: string, name: string): string[] {
  const body = bodyOf(read(path), `export interface ${name}`);
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)(?:\?)?[:(]/gm)].flatMap(([, member = ""]) => member);
}

/** Every name in backticks on a page, calls and option objects included. */
function namesOn(page: string): ReadonlySet<string> {
  const prose = read(page).replaceAll(/^```[\s\S]*?^```$/gm, "");
  const quoted = [...prose.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);
  return new Set(quoted.flatMap((text) => text.match(/[\w-]+/g) ?? []));
}

/** The values of `kind` in the union types of a file. */
function kindsIn(path: string, declaration: string): string[] {
  const source = read(path);
  const start = source.indexOf(declaration);
  if (start < 0) throw new Error(`there is no "${declaration}"`);
  const union = source.slice(start, source.indexOf("\n\n", start));
  return [...union.matchAll(/readonly kind: "([\w-]+)"/g)].map(([, kind = ""]) => kind);
}

const optionTypes = [
  ["packages/agentchat/src/agent/assistant-options.ts", "AssistantAgentOptions"],
  ["packages/agentchat/src/agent/user-proxy-agent.ts", "UserProxyAgentOptions"],
  ["packages/agentchat/src/agent/code-executor-agent.ts", "CodeExecutorAgentOptions"],
  ["packages/agentchat/src/agent/base-chat-agent.ts", "BaseChatAgentOptions"],
  ["packages/agentchat/src/team/group-chat.ts", "GroupChatOptions"],
  ["packages/agentchat/src/condition/text-mention-termination.ts", "TextMentionOptions"],
  ["packages/agentchat/src/condition/token-usage-termination.ts", "TokenLimits"],
  ["packages/agentchat/src/run/handle/run-handle.ts", "RunOptions"],
  ["packages/agentchat/src/run/handle/run-handle.ts", "RunHandle"],
  ["packages/agentchat/src/console/print-run.ts", "PrintRunOptions"],
  ["packages/core/src/runtime/runtime-options.ts", "RuntimeOptions"],
  ["packages/llm/src/tool/tool.ts", "ToolOptions"],
  ["packages/llm/src/tool/tool.ts", "ToolLimits"],
  ["packages/llm/src/tool/tool.ts", "ToolContext"],
  ["extensions/ai-sdk/src/model-options.ts", "ModelOptions"],
] as const;

describe("docs/reference/options.md", () => {
  const names = namesOn("docs/reference/options.md");

  test.each(optionTypes)("%s: has every member of %s", (path, name) => {
    const members = membersOf(path, name);
    expect(members.length).toBeGreaterThan(0);
    expect(members.filter((member) => !names.has(member))).toEqual([]);
  });
});

test("docs/how-to/limit-a-run.md has every limit of a budget", () => {
  const names = namesOn("docs/how-to/limit-a-run.md");
  const limits = membersOf("packages/agentchat/src/budget/budget.ts", "Budget");
  expect(limits.length).toBeGreaterThan(0);
  expect(limits.filter((limit) => !names.has(limit))).toEqual([]);
});

/** First cells of the rows of a page's tables; several names may share one. */
function rowsOf(page: string): string[] {
  return [...read(page).matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = ""]) => cell.match(/[\w-]+/g) ?? []);
}

test("docs/reference/run-events.md has exactly the kinds of events", () => {
  const kinds = [
    ...kindsIn("packages/agentchat/src/message/agent-event.ts", "export type AgentEvent"),
    ...kindsIn("packages/agentchat/src/message/agent-event.ts", "export type LiveAgentEvent"),
    ...kindsIn("packages/agentchat/src/message/run-event.ts", "export type ManagerEvent"),
  ];
  expect(rowsOf("docs/reference/run-events.md").toSorted()).toEqual(kinds.toSorted());
});

test("docs/reference/stop-reasons.md has exactly the kinds of stop reasons", () => {
  const source = read("packages/agentchat/src/message/stop-reason.ts");
  const list = source.slice(source.indexOf("["), source.indexOf("] as const"));
  const kinds = [...list.matchAll(/"([\w-]+)"/g)].map(([, kind = ""]) => kind);
  expect(rowsOf("docs/reference/stop-reasons.md").toSorted()).toEqual(kinds.toSorted());
});
