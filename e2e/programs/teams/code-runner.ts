import assert from "node:assert/strict";
import { wasmExecutor } from "@troupe/wasm-exec";
import { AssistantAgent, CodeExecutorAgent, MaxMessageTermination, RoundRobinGroupChat } from "troupe";
import { ScriptedModel } from "troupe/testing";

const executor = wasmExecutor();
const coder = new AssistantAgent({
  name: "coder",
  model: new ScriptedModel(["```js\nconsole.log([1, 2, 3].reduce((sum, n) => sum + n * n, 0));\n```"]),
});
const runner = new CodeExecutorAgent({ name: "runner", executor });
const team = new RoundRobinGroupChat({
  name: "squares",
  participants: [coder, runner],
  termination: new MaxMessageTermination(3),
});
const result = await team.run("The sum of the first three squares?");
await executor.close();
assert.match(result.text, /14/);
