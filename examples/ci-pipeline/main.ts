// A pipeline as a graph: three checks at once, a release manager who reads them all, and a deployment that a person must allow.
import assert from "node:assert/strict";
import { AssistantAgent, DiGraphBuilder, GraphFlow, type PolicyFunction, tool } from "troupe";
import { reply, ScriptedModel } from "troupe/testing";
import { z } from "zod";

const deployed: string[] = [];
const command = (name: string, output: (commit: string) => string) =>
  tool({
    name,
    description: `Runs ${name} on a commit`,
    input: z.object({ commit: z.string() }),
    execute: ({ commit }) => output(commit),
  });
const lint = command("lint", (commit) => `${commit}: 0 problems`);
const scan = command("scan", (commit) => (commit === "bad" ? "CVE-2026-1 in left-pad" : "no known vulnerabilities"));
const tests = command("tests", (commit) => `${commit}: 214 passed, 0 failed`);
const deploy = command("deploy", (commit) => {
  deployed.push(commit);
  return `${commit} is live`;
});

/** Runs its tool on the commit that the task names, and reports what came out. */
const runner = (name: string, step: ReturnType<typeof command>): AssistantAgent =>
  new AssistantAgent({
    name,
    model: new ScriptedModel(({ messages }) => {
      const [, commit = ""] = /commit (\w+)/u.exec(JSON.stringify(messages)) ?? [];
      const last = messages.at(-1);
      if (last?.role !== "tool") return reply.toolCall(step.name, { commit });
      return `${name}: ${last.content.map((result) => JSON.stringify(result.content)).join()}`;
    }),
    tools: [step],
  });

const analysis = runner("analysis", lint);
const security = runner("security", scan);
const suite = runner("suite", tests);
const release = new AssistantAgent({
  name: "release",
  model: new ScriptedModel(({ messages }) =>
    JSON.stringify(messages).includes("CVE-") ? "REJECT: see the scan." : "SHIP it.",
  ),
});
const deployer = runner("deployer", deploy);
const reporter = new AssistantAgent({
  name: "reporter",
  model: new ScriptedModel(() => "The commit stays where it is."),
});

const builder = new DiGraphBuilder();
for (const check of [analysis, security, suite]) builder.addNode(check);
builder.addNode(release).addNode(deployer).addNode(reporter);
for (const check of [analysis, security, suite]) builder.addEdge(check, release);
builder.addEdge(release, deployer, { condition: "SHIP" }).addEdge(release, reporter, { condition: "REJECT" });

const policy: PolicyFunction = ({ name }) =>
  name === "deploy" ? { kind: "ask", prompt: "To production." } : { kind: "allow" };
const pipeline = new GraphFlow({
  name: "pipeline",
  participants: builder.getParticipants(),
  graph: builder.build(),
  policy,
});

const asked: string[] = [];
const run = (commit: string, approved: boolean) =>
  pipeline.run(`Check commit ${commit}.`, {
    onQuestion: ({ prompt }) => {
      asked.push(prompt);
      return { approved };
    },
  });

const good = await run("abc123", true);
assert.equal(good.stopReason.kind, "graph-complete");
assert.match(good.text, /abc123 is live/u);
const bad = await run("bad", true);
assert.equal(bad.text, "The commit stays where it is.");
const refused = await run("def456", false);
assert.match(refused.text, /denied/u);
assert.deepEqual(deployed, ["abc123"]);
assert.equal(asked.length, 2); // nobody was asked about the bad one
await pipeline.close();
console.log(`deployed ${deployed.join()}; ${bad.text}`);
