// Calls of a tool travel as messages to an agent that runs it: an intervention on the way asks a person, and a no is an error the caller reads.
import assert from "node:assert/strict";
import { defineAgent, defineRequest, InProcessRuntime } from "troupe";
import { z } from "zod";

const callSchema = z.object({ name: z.string(), argument: z.string() });
const RunTool = defineRequest("RunTool", callSchema, z.object({ result: z.string() }));
const Ask = defineRequest("Ask", z.object({ text: z.string() }), z.object({ text: z.string() }));

const ran: string[] = [];
const toolAgent = defineAgent({
  type: "tools",
  state: () => ({}),
  handlers: (on) => [
    on.request(RunTool, async ({ name, argument }, context) => ({
      result: await context.step(name, () => {
        ran.push(`${name} ${argument}`);
        return `${name} of ${argument} done`;
      }),
    })),
  ],
});

const assistant = defineAgent({
  type: "assistant",
  state: () => ({}),
  handlers: (on) => [
    on.request(Ask, async ({ text }, context) => {
      try {
        const { result } = await context.send(RunTool({ name: "delete", argument: text }), toolAgent.id("one"));
        return { text: result };
      } catch (error) {
        return { text: `not done: ${error instanceof Error ? error.message : String(error)}` };
      }
    }),
  ],
});

export async function approveByIntervention(): Promise<string> {
  const runtime = new InProcessRuntime({
    interventions: [
      {
        name: "approval",
        onSend: (message) => {
          if (message.type !== "RunTool") return message;
          const { argument } = callSchema.parse(message.payload);
          // A person would be asked here.
          if (argument.startsWith("temporary")) return message;
          throw new Error(`a person denied the deletion of ${argument}`);
        },
      },
    ],
  });
  await runtime.register(toolAgent);
  await runtime.register(assistant);
  const allowed = await runtime.send(Ask({ text: "temporary.txt" }), assistant.id("one"));
  const denied = await runtime.send(Ask({ text: "payroll.csv" }), assistant.id("one"));
  await runtime.close();
  assert.equal(allowed.text, "delete of temporary.txt done");
  assert.match(denied.text, /not done: .*denied the deletion of payroll\.csv/u);
  assert.deepEqual(ran, ["delete temporary.txt"]);
  return denied.text;
}
