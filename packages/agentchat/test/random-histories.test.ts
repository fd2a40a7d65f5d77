import { createSeededRandom } from "@troupe/core";
import { AssistantAgent } from "@troupe/agentchat";
import { historyRules, type ModelMessage, type ModelRequest, normalize, tool } from "@troupe/llm";
import { historyValidators, reply, ScriptedModel } from "@troupe/llm/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Machine } from "./support/processes.ts";
import { pick, randomTeam } from "./support/random-agents.ts";

/** Lives of sessions, of about five requests each. */
const seeds = 80;

const formats = ["openai-chat", "openai-responses", "anthropic", "google", "mistral"] as const;

/** What each provider would say of a request, whoever made it. */
function complaintsAbout(messages: readonly ModelMessage[]): readonly string[] {
  return formats.flatMap((name) =>
    historyValidators[name](normalize(messages, historyRules[name])).map((problem) => `${name}: ${problem}`),
  );
}

/** One life of a session: runs that are cancelled, interrupted, limited, or die with their process and go on in another. */
async function live(seed: number): Promise<{ readonly requests: readonly ModelRequest[]; readonly deaths: number }> {
  const requests: ModelRequest[] = [];
  const random = createSeededRandom(seed * 7919);
  const team = randomTeam(seed, (request) => requests.push({ ...request, messages: [...request.messages] }));
  let deaths = 0;
  await using machine = new Machine();
  for (let turn = 0; turn < 3; turn += 1) {
    const first = machine.start();
    const runId = `${seed}-${turn}`;
    const options = { runId, budget: { modelCalls: 2 + pick(random, 12) } };
    const started = team.session("s", { runtime: first.runtime }).run(`Task ${turn}`, options);
    const ending = started.then(
      () => undefined,
      () => undefined,
    );
    const fate = pick(random, 4);
    if (fate === 0) first.kill(pick(random, 25));
    if (fate === 1 || fate === 2) {
      let left = pick(random, 12);
      for await (const _event of started.events()) if ((left -= 1) < 0) break;
      if (fate === 1) await started.cancel("enough").catch(() => undefined);
      else await started.interrupt("Stop, something else!").catch(() => undefined);
    }
    const isDead = fate === 0 && (await first.settled());
    if (isDead) {
      deaths += 1;
      const next = machine.start();
      await team
        .session("s", { runtime: next.runtime })
        .run(`Task ${turn}`, options)
        .catch(() => undefined);
      await next.runtime.close();
    } else {
      await ending;
      await first.runtime.close();
    }
  }
  return { requests, deaths };
}

describe("whatever happens to a conversation", () => {
  it("every request of every agent is valid for every provider", async () => {
    let requests = 0;
    let deaths = 0;
    let afterwards = 0;
    for (let seed = 1; seed <= seeds; seed += 1) {
      const lived = await live(seed);
      requests += lived.requests.length;
      deaths += lived.deaths;
      for (const { messages } of lived.requests) {
        expect(complaintsAbout(messages), `seed ${seed}: ${JSON.stringify(messages)}`).toEqual([]);
        // The kept history has a result for every call: the gate never has to say that it knows of none.
        const text = JSON.stringify(normalize(messages, historyRules.permissive));
        expect(text, `seed ${seed}`).not.toContain("No result was recorded");
        if (messages.some((message) => message.role === "tool")) afterwards += 1;
      }
    }
    expect(requests).toBeGreaterThan(seeds * 3);
    expect(afterwards).toBeGreaterThan(seeds);
    expect(deaths).toBeGreaterThan(seeds / 10);
  }, 120_000);

  it("has no calls that the model was not allowed to make", async () => {
    const script = [
      reply.toolCall("look"),
      reply.parts([
        { kind: "text", text: "I want more." },
        { kind: "tool-call", callId: "c2", toolName: "look", arguments: "{}" },
      ]),
      "Hello again.",
    ];
    const model = new ScriptedModel(script);
    const look = tool({ name: "look", description: "looks", input: z.object({}), execute: () => "eggs" });
    const options = { name: "a", model, tools: [look], maxToolIterations: 1, reflectOnToolUse: true };
    const session = new AssistantAgent(options).session("s");
    expect((await session.run("go")).text).toBe("I want more.");
    await session.run("and?");
    expect(JSON.stringify(model.requests[2]?.messages)).not.toContain("c2");
  });
});
