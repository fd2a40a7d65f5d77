import type { CodeBlock } from "@troupe/llm";
import { clearCall, type Clearance } from "./clear-call.ts";
import type { AgentTurn } from "../../turn/agent-turn.ts";
import { askApproval } from "./ask-approval.ts";

/** A program that may run, as it may run; or why it must not. */
export type ClearedProgram =
  | { readonly kind: "cleared"; readonly blocks: readonly CodeBlock[] }
  | Exclude<Clearance, { readonly kind: "cleared" }>;

/** Whether a program may run: what policies say, and the people whom they ask. */
export async function clearProgram(turn: AgentTurn, blocks: readonly CodeBlock[]): Promise<ClearedProgram> {
  if (turn.policies.length === 0) return { kind: "cleared", blocks };
  const clearance = await clearCall(turn, {
    call: {
      kind: "code",
      name: "code",
      arguments: { blocks: blocks.map(({ language, code }) => ({ language, code })) },
      callId: "",
    },
    check: ({ blocks: written }) =>
      isProgram(written) ? { needsApproval: false } : { problem: "blocks must be a list of { language, code }" },
    askPerson: ({ blocks: written }, { prompt, deadlineMs }) => {
      const program = isProgram(written) ? written : [];
      const text = program.map(({ language, code }) => `\`\`\`${language}\n${code}\n\`\`\``).join("\n");
      const question = `May "${turn.agentName}" run this program?\n\n${text}`;
      return askApproval(turn, { prompt: prompt === undefined ? question : `${prompt}\n${question}`, deadlineMs });
    },
  });
  if (clearance.kind !== "cleared") return clearance;
  const written = clearance.arguments?.["blocks"];
  return { kind: "cleared", blocks: isProgram(written) ? written : blocks };
}

function isProgram(value: unknown): value is readonly CodeBlock[] {
  return Array.isArray(value) && value.length > 0 && value.every(isBlock);
}

function isBlock(value: unknown): boolean {
  if (typeof value !== "object" || value === null || !("language" in value) || !("code" in value)) return false;
  return typeof value.language === "string" && typeof value.code === "string";
}
