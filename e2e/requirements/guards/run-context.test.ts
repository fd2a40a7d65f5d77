import { AssistantAgent, defineContext, RoundRobinGroupChat, UserProxyAgent } from "@troupe/agentchat";
import { InProcessRuntime, MemoryStore } from "@troupe/core";
import { tool } from "@troupe/llm";
import { reply, ScriptedModel } from "@troupe/llm/testing";
import { expect } from "vitest";
import { z } from "zod";
import { codeOf } from "../agentchat/fixtures.ts";
import { verifies } from "../guards.ts";

const user = defineContext("user", z.object({ name: z.string(), key: z.string() }));

function desk() {
  const seen: string[] = [];
  const look = tool({
    name: "look",
    description: "Looks",
    input: z.object({}),
    execute: (_, context) => {
      const { name, key }: { name: string; key: string } = user.read(context);
      seen.push(`${name} ${key}`);
      return "seen";
    },
  });
  const model = new ScriptedModel(({ messages }) =>
    messages.at(-1)?.role === "tool" ? "done" : reply.toolCall("look"),
  );
  const clerk = new AssistantAgent({ name: "clerk", model, tools: [look] });
  const participants = [new UserProxyAgent({ name: "person" }), clerk];
  const team = new RoundRobinGroupChat({
    name: "desk",
    participants,
    maxTurns: 2,
    needs: [user],
    policy: (_call, context) =>
      user.read(context).name === "eve" ? { kind: "deny", reason: "no" } : { kind: "allow" },
  });
  return { team, model, seen };
}

verifies("guard-13", "a hundred runs at once, each with its own secret, and none shows", async () => {
  const { team, model, seen } = desk();
  const store = new MemoryStore({ isDurable: true });
  await using runtime = new InProcessRuntime({ store });
  const names = ["eve", ...Array.from({ length: 99 }, (_, index) => `user${index}`)];
  const results = await Promise.all(
    names.map((name) =>
      team.run("go", {
        runtime,
        runId: name,
        context: user.of({ name, key: `canary-${name}` }),
        onQuestion: () => "yes",
      }),
    ),
  );
  expect(seen.toSorted()).toEqual(
    names
      .slice(1)
      .map((name) => `${name} canary-${name}`)
      .toSorted(),
  );
  expect(JSON.stringify(results)).not.toContain("canary");
  expect(JSON.stringify(model.requests.map(({ messages }) => messages))).not.toContain("canary");
  for (const name of names) {
    const records = store.read(`desk/${name}`);
    expect(records.length).toBeGreaterThan(0);
    expect(JSON.stringify(records)).not.toContain("canary");
  }
});

verifies("guard-14", "another process is given the context again, or says that it needs it", async () => {
  const store = new MemoryStore({ isDurable: true });
  const begin = async (runId: string): Promise<string> => {
    await using runtime = new InProcessRuntime({ store });
    const context = user.of({ name: "ada", key: "k" });
    return (await desk().team.run("go", { runtime, runId, context })).questions[0]?.id ?? "";
  };
  const question = await begin("a");
  await using second = new InProcessRuntime({ store });
  const { team, seen } = desk();
  const run = team.attach("a", { runtime: second, context: user.of({ name: "ada", key: "k" }) });
  await run.respond(question, "yes");
  expect((await run).text).toBe("done");
  expect(seen).toEqual(["ada k"]);
  const other = await begin("b");
  const lacking = team.attach("b", { runtime: second });
  expect((await lacking).stopReason.kind).toBe("input-required");
  await lacking.respond(other, "yes");
  expect(await codeOf(lacking)).toBe("run.context_missing");
  // It has not failed: it waits for whoever gives it.
  const given = team.attach("b", { runtime: second, context: user.of({ name: "ada", key: "k" }) });
  expect((await given).text).toBe("done");
  expect(await codeOf(team.run("go"))).toBe("run.context_missing");
});
