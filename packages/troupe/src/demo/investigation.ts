import {
  AssistantAgent,
  CodeExecutorAgent,
  MaxMessageTermination,
  RoundRobinGroupChat,
  TextMentionTermination,
} from "@troupe/agentchat";
import { type ChatModel, type CodeExecutor, jsonSchema, type Tool, tool } from "@troupe/llm";
import { lendExecutor, writeProgramAnswer } from "./sandbox.ts";
import { describeTable, type Table } from "./table/table.ts";

/** What an investigation needs: a table, a model for the words, a sandbox for the programs. */
export interface InvestigationOptions {
  readonly table: Table;
  readonly model: ChatModel;
  readonly executor: CodeExecutor;
}

/** Names the team, and with it the cells of its runs. */
export const investigationName = "investigation";

/** Messages after which the team stops, finished or not: five times what the stand-in model needs. */
const maxMessages = 60;

/**
 * The team: an analyst who writes programs, a runner that runs them, a reviewer who recomputes with programs of its own.
 *
 * They speak in turn. The runner has no model: it runs what the analyst wrote. The reviewer's own programs go through a tool.
 */
export function createInvestigation(options: InvestigationOptions): RoundRobinGroupChat {
  const { model, table } = options;
  const executor = lendExecutor(options.executor, { [table.fileName]: table.text });
  const analyst = new AssistantAgent({
    name: "analyst",
    description: "Writes programs and reports",
    model,
    systemMessage: analystPrompt,
  });
  const runner = new CodeExecutorAgent({
    name: "runner",
    description: "Runs the analyst's programs",
    executor,
    sources: ["analyst"],
    // A program in the sandbox changes nothing outside it.
    idempotent: true,
  });
  const reviewer = new AssistantAgent({
    name: "reviewer",
    description: "Recomputes and reviews",
    model,
    tools: [programTool(executor)],
    systemMessage: reviewerPrompt,
    maxToolIterations: 6,
  });
  return new RoundRobinGroupChat({
    name: investigationName,
    participants: [analyst, runner, reviewer],
    termination: new TextMentionTermination("APPROVE", { sources: ["reviewer"] }).or(
      new MaxMessageTermination(maxMessages),
    ),
  });
}

/** The task of the team: one question, and the table as a newcomer sees it. */
export function investigationTask(table: Table): string {
  return `How does what this table measures change between the values it compares? Is that true of every part of the table?

${describeTable(table)}`;
}

function programTool(executor: CodeExecutor): Tool<{ code: string }> {
  return tool({
    name: "run_javascript",
    description:
      "Runs a JavaScript program in the sandbox and returns what it prints. readFile(name) gives the data file as text.",
    input: jsonSchema<{ code: string }>({
      type: "object",
      properties: { code: { type: "string" } },
      required: ["code"],
      additionalProperties: false,
    }),
    idempotent: true,
    execute: async ({ code }, { signal }) =>
      writeProgramAnswer(await executor.execute([{ code, language: "javascript" }], { signal })),
  });
}

const sandboxRules = `Programs run in a JavaScript sandbox: readFile(name) gives the data file as text, console.log prints; there is no require, no import \
and no network. A program stops with an error at a cell that is no number where one is needed; if that happens, the next one leaves such rows out, counts \
them and says so. The last line a program prints is RESULT and its figures as one JSON object.`;

const analystPrompt = `You are the analyst of a team of three. You answer a question about a table with programs, never by guessing. Each of your messages \
ends with exactly one program in a block fenced with \`\`\`javascript; the runner runs it and posts what it printed. ${sandboxRules}
Begin with the overall change. When the reviewer says FAILED, repair the program. When the reviewer says REPLICATED, post a message that begins with REPORT and \
states the headline. When the reviewer says REVISE, compute the change with and without the part it names; once that is replicated, post a REPORT that states \
the headline, the part that contradicts it, the figures with and without that part, and, under "What the table cannot decide", which explanations the \
table cannot tell apart. The program of a REPORT recomputes every figure in it and throws an error if one is wrong.`;

const reviewerPrompt = `You are the reviewer of a team of three. You trust no figure that you did not compute yourself, with run_javascript and code of your own. \
${sandboxRules}
Begin every message with one of these words and use them nowhere else. FAILED: the analyst's program did not print figures, or yours differ. REPLICATED: your \
figures are the same; ask for the report. REVISE: you recomputed a REPORT by every column that groups the rows, and a part moves against the headline by \
more than chance; name column and part, count the matched pairs that follow the headline there and elsewhere, and ask for the figures with and without. \
APPROVE: the report is right and complete, and every part that contradicts it is named in it.`;
