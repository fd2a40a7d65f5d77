import { type AgentReply, BaseChatAgent, type ChatMessage, RoundRobinGroupChat } from "@troupe/agentchat";
import { createSeededRandom } from "@troupe/core";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Says so many random letters each turn: nothing in them can be left out. */
class Talker extends BaseChatAgent {
  readonly #bytes: number;
  readonly #random: () => number;

  constructor(name: string, bytes: number) {
    super({ name });
    this.#bytes = bytes;
    const random = createSeededRandom(name);
    this.#random = () => random.next();
  }

  // oxlint-disable-next-line require-yield -- it has nothing to tell on the way
  async *onMessages(_messages: readonly ChatMessage[]): AsyncGenerator<never, AgentReply> {
    const text = Array.from({ length: this.#bytes }, () => letters[Math.floor(this.#random() * letters.length)]);
    return this.reply(text.join(""));
  }
}

/** Two who talk in turns. */
export function createTalk(turns: number, bytes: number): RoundRobinGroupChat {
  const participants = [new Talker("left", bytes), new Talker("right", bytes)];
  return new RoundRobinGroupChat({ name: "talk", participants, maxTurns: turns, budget: "unbounded" });
}
