/** What the files of a new project are made of. */
export interface ProjectNames {
  readonly name: string;
  readonly version: string;
}

/** The files of a new project, by path. */
export function projectFiles({ name, version }: ProjectNames): Readonly<Record<string, string>> {
  return {
    "package.json": `${JSON.stringify(manifest(name, version), null, 2)}\n`,
    "team.ts": team,
    "offline-model.ts": offlineModel,
    "team.test.ts": test,
    "README.md": readme(name),
    "tsconfig.json": `${JSON.stringify(compiler, null, 2)}\n`,
    ".gitignore": "node_modules/\nout/\n.env\n.troupe/\n",
  };
}

const manifest = (name: string, version: string): object => ({
  name,
  version: "0.1.0",
  private: true,
  type: "module",
  engines: { node: ">=22.18" },
  scripts: {
    start: 'troupe run team.ts "Write a toast for a colleague who retires"',
    chat: "troupe chat team.ts",
    test: "node --test",
  },
  dependencies: { troupe: `^${version}` },
  // For the editor: the test imports Node's own test runner.
  devDependencies: { "@types/node": "^22.18.0" },
});

const compiler = {
  compilerOptions: {
    target: "ES2024",
    module: "NodeNext",
    strict: true,
    noEmit: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    types: ["node"],
  },
  include: ["*.ts"],
};

const team = `import { AssistantAgent, MaxMessageTermination, RoundRobinGroupChat, TextMentionTermination, jsonSchema, tool } from "troupe";
import { offlineModel } from "./offline-model.ts";

// An offline model of a few rules, so that this runs without a key. For a real one:
//   npm install @ai-sdk/openai
//   import { model } from "troupe";
//   const chosen = model("openai:gpt-5-mini");
const chosen = offlineModel();

const countWords = tool({
  name: "count_words",
  description: "Counts the words of a text",
  input: jsonSchema<{ text: string }>({
    type: "object",
    properties: { text: { type: "string" } },
    required: ["text"],
  }),
  execute: ({ text }) => ({ words: text.split(/\\s+/).filter((word) => word !== "").length }),
});

const writer = new AssistantAgent({
  name: "writer",
  description: "Writes short texts",
  model: chosen,
  systemMessage: "You are the writer. Write what is asked for in at most 60 words.",
});

const editor = new AssistantAgent({
  name: "editor",
  description: "Checks length and approves",
  model: chosen,
  tools: [countWords],
  systemMessage: "You are the editor. Count the words of the draft. Say APPROVE when there are at most 60, else what to cut.",
});

export const team = new RoundRobinGroupChat({
  name: "desk",
  participants: [writer, editor],
  termination: new TextMentionTermination("APPROVE", { sources: ["editor"] }).or(new MaxMessageTermination(8)),
});
`;

const offlineModel = `import { ScriptedModel, reply } from "troupe/testing";

/**
 * No language model: rules that answer from the request alone, so that the project runs without a key and without a network.
 * It plays both roles of the team: what it says is canned, the team, the tool call and the run are real.
 */
export function offlineModel(): ScriptedModel {
  return new ScriptedModel(
    ({ messages, tools = [] }) => {
      const last = messages.at(-1);
      const texts = messages.flatMap((message) =>
        message.role === "user" ? message.content.flatMap((part) => (part.kind === "text" ? [part.text] : [])) : [],
      );
      if (last?.role === "tool") {
        const words = Number(/\\d+/.exec(JSON.stringify(last.content.flatMap((result) => result.content)))?.[0] ?? 0);
        return words <= 60 ? \`\${words} words. APPROVE\` : \`\${words} words: please cut \${words - 60}.\`;
      }
      if (tools.length > 0) return reply.toolCall("count_words", { text: texts.at(-1) ?? "" });
      return \`[offline model] A draft for: "\${texts.at(-1) ?? ""}". Dear all, thank you for coming. More words need a real model.\`;
    },
    { name: "offline:rules" },
  );
}
`;

const test = `import assert from "node:assert/strict";
import { test } from "node:test";
import { team } from "./team.ts";

test("the editor approves a short draft", async () => {
  const result = await team.run("Write a toast for a colleague who retires");
  assert.equal(result.stopReason.kind, "condition");
  assert.match(result.text, /APPROVE/);
  assert.match(result.messages.map((message) => message.text).join("\\n"), /colleague who retires/);
});
`;

const readme = (name: string): string => `# ${name}

A team of two agents: a writer and an editor who counts the words of every draft with a tool.

\`\`\`sh
npx troupe run team.ts "Write a toast for a colleague who retires"
npx troupe chat team.ts
npm install && npm test
\`\`\`

It runs offline: \`offline-model.ts\` is no language model but a few rules. The team, its tool calls and its runs are real.

## A real model

\`\`\`sh
npm install troupe @ai-sdk/openai
echo 'OPENAI_API_KEY=...' > .env
\`\`\`

Then, in \`team.ts\`: \`import { model } from "troupe"\` and \`const chosen = model("openai:gpt-5-mini")\`.
\`troupe\` reads \`.env\` before it loads the team; \`.gitignore\` keeps it out of git.
Anthropic, Google, Mistral, Azure, Bedrock and Ollama work the same way: \`model("anthropic:...")\`, \`model("ollama:...")\`.
`;
