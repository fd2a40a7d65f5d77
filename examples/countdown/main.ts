import assert from "node:assert/strict";
import { type AgentEvent, type AgentReply, BaseChatAgent, type ChatAgentContext, type ChatMessage } from "troupe";

class Countdown extends BaseChatAgent<{ launches: number }> {
  async *onMessages(
    _messages: readonly ChatMessage[],
    context: ChatAgentContext<{ launches: number }>,
  ): AsyncGenerator<AgentEvent, AgentReply> {
    context.state.launches += 1;
    for (let n = 3; n > 0; n--) yield this.thought(`${n}...`);
    return this.reply(`Done, launch ${context.state.launches}!`);
  }
}
const countdown = new Countdown({ name: "countdown", state: () => ({ launches: 0 }) });

const first = await countdown.run("go");
const again = await countdown.run("go");
assert.equal(first.text, "Done, launch 1!");
assert.equal(again.text, "Done, launch 1!"); // another run is another conversation

const session = countdown.session("pad-39a");
await session.run("go");
const thoughts: string[] = [];
for await (const event of session.run("go")) if (event.kind === "thought") thoughts.push(event.text);
assert.deepEqual(thoughts, ["3...", "2...", "1..."]);
assert.equal((await session.messages()).at(-1)?.text, "Done, launch 2!");
await countdown.close();
console.log("Launched twice from pad 39a.");
