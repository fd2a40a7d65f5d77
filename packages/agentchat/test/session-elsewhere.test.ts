import { AssistantAgent, type Session } from "@troupe/agentchat";
import { InProcessRuntime } from "@troupe/core";
import { SharedData } from "@troupe/core/testing";
import { ScriptedModel } from "@troupe/llm/testing";
import { expect, it } from "vitest";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function open(runtime: InProcessRuntime): Session<unknown> {
  const model = new ScriptedModel((request) => `I was told ${request.messages.length} things`);
  return new AssistantAgent({ name: "clerk", model }).session("ada", { runtime });
}

it("a session that another process holds is neither forgotten nor replaced: the error says what to do, and nothing is lost", async () => {
  const data = new SharedData();
  const first = new InProcessRuntime({ store: data.open(), logger: quiet });
  await using second = new InProcessRuntime({ store: data.open(), logger: quiet });
  const [here, elsewhere] = [open(first), open(second)];
  await here.run("one");
  const saved = await elsewhere.snapshot();
  await here.run("two");
  const said = await here.messages();
  expect(said).toHaveLength(4);
  const refused = { code: "run.session_elsewhere", remedy: expect.stringContaining("in that process") };
  await expect(elsewhere.reset()).rejects.toMatchObject(refused);
  await expect(elsewhere.restore(saved)).rejects.toMatchObject(refused);
  expect(await here.messages()).toEqual(said);

  await first.close();
  expect(await elsewhere.messages()).toEqual(said);
  await elsewhere.restore(saved);
  expect(await elsewhere.messages()).toHaveLength(2);
  await elsewhere.reset();
  expect(await elsewhere.messages()).toEqual([]);
});
