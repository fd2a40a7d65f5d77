// Google ADK: a streaming model inside a sequential team, in memory.
import { BaseLlm, InMemoryRunner, LlmAgent, LogLevel, SequentialAgent, setLogLevel, StreamingMode } from "@google/adk";

class DeltaModel extends BaseLlm {
  constructor(count) {
    super({ model: "bench" });
    this.count = count;
  }

  async *generateContentAsync() {
    for (let index = 0; index < this.count; index++)
      yield { content: { role: "model", parts: [{ text: "word " }] }, partial: true };
    yield {
      content: { role: "model", parts: [{ text: "word ".repeat(this.count) }] },
      partial: false,
      turnComplete: true,
    };
  }

  async connect() {
    throw new Error("live connections are not measured");
  }
}

/** Streams some deltas through a team of two agents; resolves with the deltas seen outside. */
export function createStreamingTeam(deltas) {
  setLogLevel(LogLevel.ERROR);
  const speaker = (name) => new LlmAgent({ name, model: new DeltaModel(deltas / 2), instruction: "Talk." });
  const agent = new SequentialAgent({ name: "team", subAgents: [speaker("left"), speaker("right")] });
  const runner = new InMemoryRunner({ agent, appName: "bench" });
  return async () => {
    let seen = 0;
    const newMessage = { role: "user", parts: [{ text: "Talk." }] };
    const runConfig = { streamingMode: StreamingMode.SSE };
    for await (const event of runner.runEphemeral({ userId: "bench", newMessage, runConfig }))
      if (event.partial === true) seen += 1;
    return seen;
  };
}
