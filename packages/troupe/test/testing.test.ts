import { AssistantAgent, MaxMessageTermination, RoundRobinGroupChat, UserProxyAgent } from "troupe";
import { ManualClock, ScriptedModel, testRuntime } from "troupe/testing";
import { expect, test } from "vitest";

const team = (): RoundRobinGroupChat =>
  new RoundRobinGroupChat({
    name: "asking",
    participants: [
      new AssistantAgent({ name: "clerk", model: new ScriptedModel(() => "Shall I?") }),
      new UserProxyAgent({ name: "person" }),
    ],
    termination: new MaxMessageTermination(3),
  });

test("a test runtime parks at every wait, and the run goes on with the answer", async () => {
  const runtime = testRuntime();
  const result = await team().run("hello", { runtime, onQuestion: () => Promise.resolve("yes") });
  expect(result.messages.map((message) => message.text)).toEqual(["hello", "Shall I?", "yes"]);
  await runtime.close();
});

test("equal seeds give equal messages, ids and numbers included", async () => {
  const history = async (seed: number): Promise<unknown> => {
    const runtime = testRuntime({ seed, clock: new ManualClock() });
    const result = await team().run("hello", { runtime, runId: "one", onQuestion: () => Promise.resolve("yes") });
    await runtime.close();
    return result.messages;
  };
  expect(await history(7)).toEqual(await history(7));
});
