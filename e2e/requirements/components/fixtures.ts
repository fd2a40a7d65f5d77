import {
  AssistantAgent,
  type CodeExecutor,
  ConfigError,
  createRegistry,
  DiGraphBuilder,
  dumpComponent,
  GraphFlow,
  jsonSchema,
  loadComponent,
  tool,
} from "troupe";
import { replayModel } from "@troupe/llm";

export const add = tool({
  name: "add",
  description: "Adds",
  input: jsonSchema<{ a: number; b: number }>({
    type: "object",
    properties: { a: { type: "number" }, b: { type: "number" } },
  }),
  execute: ({ a, b }) => a + b,
});
export const executor: CodeExecutor = {
  kind: "code-executor",
  name: "none",
  languages: ["js"],
  execute: async () => ({ exitCode: 0, output: "", truncated: false, durationMs: 0 }),
  close: async () => {},
  [Symbol.asyncDispose]: async () => {},
};
export const isLong = (message: { readonly text: string }): boolean => message.text.length > 9;
export const approve = () => ({ approved: true });
export const registry = createRegistry({
  tools: [add],
  executors: { sandbox: executor },
  named: { isLong, approve },
  environment: { MY_KEY: "canary-key" },
});

export const replay = (...answers: string[]) => replayModel({ answers });
export const writer = (): AssistantAgent => new AssistantAgent({ name: "writer", model: replay("a") });
export const critic = (): AssistantAgent => new AssistantAgent({ name: "critic", model: replay("b") });
export const again = (document: unknown): unknown =>
  dumpComponent(loadComponent(JSON.stringify(document), registry), { registry });

export function failure(act: () => unknown): ConfigError {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

export function graph(condition: typeof isLong): GraphFlow {
  const [start, end] = [writer(), critic()];
  const builder = new DiGraphBuilder().addNode(start).addNode(end).addEdge(start, end, { condition });
  return new GraphFlow({ participants: builder.getParticipants(), graph: builder.build() });
}
