import type { ScriptedModel } from "@troupe/llm/testing";
import { expectTypeOf } from "vitest";
import { z } from "zod";
import {
  AssistantAgent,
  BaseChatAgent,
  type ChatAgentContext,
  type ChatMessage,
  type Run,
  type RunEvent,
  RoundRobinGroupChat,
} from "../../index.ts";

declare const model: ScriptedModel;
const Verdict = z.object({ approved: z.boolean() });

const judge = new AssistantAgent({ name: "judge", model, output: Verdict });
expectTypeOf(judge.run("go")).resolves.toHaveProperty("output").toEqualTypeOf<{ approved: boolean }>();
expectTypeOf(judge.session("s").run()).toEqualTypeOf<Run<{ approved: boolean }>>();
const plain = new AssistantAgent({ name: "plain", model });
expectTypeOf(plain.run("go")).resolves.toHaveProperty("output").toEqualTypeOf<undefined>();
const team = new RoundRobinGroupChat({ participants: [judge, plain], output: Verdict });
expectTypeOf(team.run("go")).resolves.toHaveProperty("output").toEqualTypeOf<{ approved: boolean }>();

// A handle is not a promise: async functions can return it.
expectTypeOf(plain.run("go").handle).not.toHaveProperty("then");

// Events narrow by kind.
declare const event: RunEvent;
if (event.kind === "text-delta") expectTypeOf(event.delta).toEqualTypeOf<string>();
if (event.kind === "message") expectTypeOf(event.message).toEqualTypeOf<ChatMessage>();
if (event.kind === "run-finished") expectTypeOf(event.at).toEqualTypeOf<number>();

// @ts-expect-error something that is no runner cannot take part
new RoundRobinGroupChat({ participants: [{ name: "a", description: "b" }] });
// @ts-expect-error a task is text or messages
void plain.run(42);
// @ts-expect-error a condition is no text
new RoundRobinGroupChat({ participants: [plain], termination: "APPROVE" });
// @ts-expect-error a message has a known kind
void plain.run({ kind: "nonsense", text: "x" });

class Stateful extends BaseChatAgent<{ count: number }> {
  // oxlint-disable-next-line require-yield
  async *onMessages(_: readonly ChatMessage[], context: ChatAgentContext<{ count: number }>) {
    context.state.count += 1;
    // @ts-expect-error the state has no such property
    context.state.other = 1;
    return this.reply("ok");
  }
}
expectTypeOf(new Stateful({ name: "s", state: () => ({ count: 0 }) }).run("go")).resolves.toHaveProperty("text");
