import assert from "node:assert/strict";
import { type AgentEvent, type AgentReply, BaseChatAgent, type ChatAgentContext, type ChatMessage } from "troupe";

interface Launches {
  launches: number;
}

class Countdown extends BaseChatAgent<Launches> {
  async *onMessages(
    messages: readonly ChatMessage[],
    context: ChatAgentContext<Launches>,
  ): AsyncGenerator<AgentEvent, AgentReply> {
    context.state.launches += 1;
    for (let n = messages.length + 2; n > 0; n--) yield this.thought(`${n}...`);
    return this.reply(`Done, launch ${context.state.launches}!`);
  }
}

const countdown = new Countdown({ name: "countdown", state: () => ({ launches: 0 }) });
assert.equal((await countdown.run("go")).text, "Done, launch 1!");
assert.equal((await countdown.run("go")).text, "Done, launch 1!", "a run leaks nothing into the next");
const session = countdown.session("cape");
await session.run("go");
assert.equal((await session.run("go again")).text, "Done, launch 2!");
await countdown.close();
