import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { CodeBlock, CodeResult, ModelMessage, RunValues } from "@troupe/llm";
import type { ChatAgentContext } from "../../turn/chat-agent-context.ts";
import { toMarkdown } from "./describe-run.ts";

/** A program that wants to run. */
export interface CodeApprovalRequest {
  /** All blocks as Markdown, to show to a person. */
  readonly code: string;
  readonly blocks: readonly CodeBlock[];
  /** The conversation that led to it: of an agent without a model empty. */
  readonly conversation: readonly ModelMessage[];
  /** What the program gave the run: on whose behalf the program would run. */
  readonly run: RunValues;
  /** Aborts when the run does not want to know any more. */
  readonly signal: AbortSignal;
}

/** Whether a program may run. */
export interface CodeDecision {
  readonly approved: boolean;
  /** Told to whoever wrote the program when it is denied. */
  readonly reason?: string | undefined;
}

/**
 * Decides about each program before it runs: a function of the program, or `true` to ask a person by a question of the run.
 *
 * A function decides by itself, in seconds: it is a step, and a step in which nothing happens for 10 minutes ends the turn. A person may take days.
 */
export type CodeApproval = true | ((request: CodeApprovalRequest) => CodeDecision | Promise<CodeDecision>);

/** Asks for approval. Undefined when the program may run, else the result that stands for it. */
export async function denyCode(
  approval: CodeApproval | undefined,
  request: Omit<CodeApprovalRequest, "code" | "run" | "signal">,
  context: ChatAgentContext,
): Promise<CodeResult | undefined> {
  if (approval === undefined) return undefined;
  const code = toMarkdown(request.blocks);
  const decision = await (approval === true
    ? askPerson(code, context)
    : decide(approval, { ...request, code }, context));
  if (decision.approved) return undefined;
  const output = `The program was not run, because it was not approved. ${decision.reason ?? ""}`.trim();
  const result: CodeResult = { exitCode: 1, output, truncated: false, durationMs: 0 };
  context.report({ kind: "code-finished", exitCode: 1, output, isTruncated: false, durationMs: 0, executions: 0 });
  return result;
}

type Decide = Exclude<CodeApproval, true>;

/** Deciding changes nothing, so it may be done again after a crash. */
function decide(
  approval: Decide,
  request: Omit<CodeApprovalRequest, "run" | "signal">,
  context: ChatAgentContext,
): Promise<CodeDecision> {
  return context.step(
    "approval",
    async ({ signal }) => {
      const { approved, reason } = await approval({ ...request, run: context.run, signal });
      return { approved, ...(reason !== undefined && { reason }) };
    },
    { idempotent: true },
  );
}

const document = {
  type: "object",
  properties: {
    approved: { type: "boolean", description: "Whether the program may run" },
    reason: { type: "string", description: "Told to whoever wrote the program when it is denied" },
  },
  required: ["approved"],
} as const;

/** By hand: a JSON Schema validator for one fixed form would weigh more than the agent. */
const decisionSchema: StandardSchemaV1<unknown, CodeDecision> = {
  "~standard": {
    version: 1,
    vendor: "troupe",
    validate: (value) =>
      isDecision(value) ? { value } : { issues: [{ message: "expected { approved: boolean, reason?: string }" }] },
  },
};

function isDecision(value: unknown): value is CodeDecision {
  if (typeof value !== "object" || value === null || !("approved" in value)) return false;
  return typeof value.approved === "boolean" && (!("reason" in value) || typeof value.reason === "string");
}

function askPerson(code: string, context: ChatAgentContext): Promise<CodeDecision> {
  return context.ask({ prompt: `May this program run?\n\n${code}`, schema: decisionSchema, jsonSchema: document });
}
