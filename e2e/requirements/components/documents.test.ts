import {
  AssistantAgent,
  bufferedContext,
  CodeExecutorAgent,
  createRegistry,
  defineComponent,
  DiGraphBuilder,
  dumpComponent,
  fields,
  GraphFlow,
  jsonSchema,
  ListMemory,
  loadComponent,
  MagenticOneGroupChat,
  MaxMessageTermination,
  model,
  RoundRobinGroupChat,
  SelectorGroupChat,
  SocietyOfMindAgent,
  Swarm,
  TextMentionTermination,
} from "troupe";
import { staticWorkbench } from "@troupe/llm";
import { expect } from "vitest";
import { verifies } from "../components.ts";
import { add, executor, isLong, approve, registry, replay, writer, critic, again, failure, graph } from "./fixtures.ts";

verifies("chat-18", "a buffered context comes back in three kinds of agents", () => {
  const modelContext = bufferedContext({ size: 5 });
  const team = new RoundRobinGroupChat({ participants: [writer()], maxTurns: 1 });
  const agents = [
    new AssistantAgent({ name: "a", model: replay(), modelContext }),
    new SocietyOfMindAgent({ name: "b", team, model: replay(), modelContext }),
    new CodeExecutorAgent({ name: "c", executor, model: replay(), modelContext }),
  ];
  for (const agent of agents) {
    const document = dumpComponent(agent, { registry });
    expect(document.config).toMatchObject({
      modelContext: { provider: "@troupe/llm/bufferedContext", config: { size: 5 } },
    });
    expect(again(document)).toEqual(document);
  }
});

verifies("chat-43", "tools and workbenches come back as the program's own, and the old form loads", async () => {
  const agent = new AssistantAgent({
    name: "a",
    model: replay(),
    tools: [add],
    workbench: [staticWorkbench([add], { name: "shelf", overrides: { add: { name: "plus" } } })],
  });
  const document = dumpComponent(agent, { registry });
  expect(document.config).toMatchObject({
    tools: [{ config: { name: "add" } }],
    workbench: [{ config: { name: "shelf" } }],
  });
  expect(again(document)).toEqual(document);
  const source = {
    provider: "autogen_core.tools.FunctionTool",
    config: { name: "add", description: "Adds", source_code: "boom()", global_imports: [] },
  };
  const client = { provider: "autogen_ext.models.replay.ReplayChatCompletionClient", config: { chat_completions: [] } };
  const old = {
    provider: "autogen_agentchat.agents.AssistantAgent",
    component_version: 1,
    config: { name: "a", model_client: client, tools: [source] },
  };
  expect(dumpComponent(loadComponent(old, registry), { registry }).config).toMatchObject({
    tools: [{ config: { name: "add" } }],
  });
});

verifies("chat-54", "an assistant comes back whole", () => {
  const options = {
    name: "clerk",
    description: "Serves",
    systemMessage: null,
    stream: false,
    reflectOnToolUse: true,
    maxToolIterations: 4,
    metadata: { desk: "7" },
    handoffs: ["critic", { target: "user", name: "ask_user" }],
  };
  const agent = new AssistantAgent<unknown>({
    ...options,
    model: replay(),
    memory: new ListMemory({ name: "facts", items: ["tea"] }),
    output: jsonSchema({ type: "object", properties: { ok: { type: "boolean" } } }),
  });
  const document = dumpComponent(agent, { registry });
  expect(document.config).toMatchObject({
    ...options,
    memory: { config: { name: "facts", items: [{ content: { kind: "text", text: "tea" } }] } },
    output: { type: "object", properties: { ok: { type: "boolean" } } },
  });
  expect(again(document)).toEqual(document);
});

verifies("chat-66", "an approval function needs a name", () => {
  const coder = (approval?: typeof approve) =>
    new CodeExecutorAgent({ name: "coder", executor, model: replay("x"), approval });
  expect(
    failure(() =>
      dumpComponent(
        coder(() => ({ approved: false })),
        { registry },
      ),
    ),
  ).toMatchObject({
    code: "config.not_dumpable",
    details: { path: "config.approval" },
  });
  const named = dumpComponent(coder(approve), { registry });
  expect(named.config).toMatchObject({ approval: { $named: "approve" }, model: { config: { answers: ["x"] } } });
  expect(again(named)).toEqual(named);
  expect(again(dumpComponent(coder(), { registry }))).toEqual(dumpComponent(coder(), { registry }));
});

verifies("chat-90", "all kinds of teams come back, in our words and in AutoGen's", () => {
  const builder = new DiGraphBuilder().addNode(writer());
  const termination = new MaxMessageTermination(5);
  const teams = [
    new RoundRobinGroupChat({ participants: [writer(), critic()], termination }),
    new SelectorGroupChat({ participants: [writer(), critic()], model: replay() }),
    new Swarm({ participants: [writer()], maxTurns: 2 }),
    new MagenticOneGroupChat({ participants: [writer()], model: replay() }),
    new GraphFlow({ participants: builder.getParticipants(), graph: builder.build() }),
  ];
  for (const team of teams) {
    const document = dumpComponent(team, { registry });
    expect([document.provider, document.component_type]).toEqual([
      `@troupe/agentchat/${team.constructor.name}`,
      "team",
    ]);
    expect(again(document)).toEqual(document);
    const foreign = dumpComponent(team, { registry, dialect: "autogen" });
    expect([foreign.provider, foreign.component_type]).toEqual([
      `autogen_agentchat.teams.${team.constructor.name}`,
      "team",
    ]);
    expect(dumpComponent(loadComponent(foreign, registry), { registry, dialect: "autogen" })).toEqual(foreign);
  }
});

verifies("chat-153", "functions of edges come back by name, or nothing is dumped", () => {
  const document = dumpComponent(graph(isLong), { registry });
  expect(JSON.stringify(document)).toContain('{"$named":"isLong"}');
  expect(again(document)).toEqual(document);
  expect(
    failure(() =>
      dumpComponent(
        graph(() => true),
        { registry },
      ),
    ).details,
  ).toEqual({
    path: "config.graph.nodes[0].edges[0].condition",
  });
  expect(failure(() => dumpComponent(graph(isLong), { registry, dialect: "autogen" })).code).toBe(
    "config.not_dumpable",
  );
});

verifies("core-68", "a team with everything in it comes back through JSON", () => {
  const inner = new Swarm({
    name: "inner",
    participants: [critic()],
    termination: new TextMentionTermination("x").not(),
  });
  const document = dumpComponent(
    new RoundRobinGroupChat({ name: "outer", participants: [inner, writer()], budget: { usd: 1 } }),
    { registry },
  );
  expect(again(document)).toEqual(document);
});

verifies("core-69", "the envelope says what it is, and the config what was set", () => {
  expect(dumpComponent(new MaxMessageTermination(3))).toEqual({
    provider: "@troupe/agentchat/MaxMessageTermination",
    component_type: "termination",
    version: 1,
    component_version: 1,
    description: "Over when so many messages have been said.",
    label: "MaxMessageTermination",
    config: { maxMessages: 3 },
  });
});

verifies("core-70", "a provider and a config are enough; a misfit is named", () => {
  const load = (document: object): object => loadComponent(document, registry);
  expect(load({ provider: "@troupe/agentchat/MaxMessageTermination", config: { maxMessages: 3 } })).toBeInstanceOf(
    MaxMessageTermination,
  );
  expect(failure(() => load({ provider: "@troupe/agentchat/MaxMessageTermination", config: {} })).details).toEqual({
    path: "config.maxMessages",
  });
  const misplaced = {
    name: "a",
    model: { provider: "@troupe/agentchat/MaxMessageTermination", config: { maxMessages: 3 } },
  };
  expect(failure(() => load({ provider: "@troupe/agentchat/AssistantAgent", config: misplaced })).details).toEqual({
    path: "config.model.provider",
  });
});

const lamp = (upgrade: boolean) =>
  defineComponent<{ readonly watts: number }>({
    provider: "my-app/Lamp",
    type: "lamp",
    version: 2,
    description: "Gives light.",
    fields: { watts: fields.number },
    create: (options) => ({ ...options }),
    upgrade: upgrade ? ({ power }) => ({ watts: power ?? 0 }) : undefined,
  });
const oldLamp = { provider: "my-app/Lamp", component_version: 1, config: { power: 4 } };

verifies("core-71", "an older version goes through the upgrade; aliases resolve", () => {
  expect(loadComponent(oldLamp, createRegistry({ components: [lamp(true)] }))).toMatchObject({ watts: 4 });
  const alias = { provider: "OpenAIChatCompletionClient", config: { model: "gpt-4o" } };
  expect(dumpComponent(loadComponent(alias, registry)).config).toMatchObject({ id: "openai:gpt-4o" });
});

verifies("core-72", "nothing is there that the program did not register, whatever a variable says", () => {
  process.env["AUTOGEN_ALLOWED_PROVIDER_NAMESPACES"] = "os,node:fs,test_anything";
  try {
    for (const provider of [
      "os.system",
      "node:fs",
      "test_anything.Tool",
      "@troupe/agentchat/AssistantAgentx",
      "__proto__",
      "constructor",
    ])
      expect(failure(() => loadComponent({ provider, config: {} }, registry)).code).toBe("config.unknown_component");
  } finally {
    delete process.env["AUTOGEN_ALLOWED_PROVIDER_NAMESPACES"];
  }
});

verifies("core-73", "a newer version is refused, a secret is a reference", () => {
  const newer = {
    provider: "@troupe/agentchat/MaxMessageTermination",
    component_version: 9,
    config: { maxMessages: 3 },
  };
  expect(failure(() => loadComponent(newer, registry)).details).toEqual({ path: "component_version" });
  const document = dumpComponent(model("openai:gpt-4o", { apiKey: { $env: "MY_KEY" } }), { registry });
  expect(document.config).toEqual({ id: "openai:gpt-4o", apiKey: { $env: "MY_KEY" } });
  expect(again(document)).toEqual(document);
});

verifies("ext-1", "a model comes back equal", () => {
  const document = dumpComponent(
    model("anthropic:claude-haiku-4-5", { defaults: { temperature: 0.2 }, retry: { retries: 5 } }),
  );
  expect(again(document)).toEqual(document);
});

verifies("ext-2", "a component of one's own loads when it is registered", () => {
  const document = { provider: "my-app/Lamp", config: { watts: 3 } };
  expect(failure(() => loadComponent(document, registry)).code).toBe("config.unknown_component");
  expect(loadComponent(document, createRegistry({ components: [lamp(false)] }))).toMatchObject({ watts: 3 });
});

verifies("ext-3", "the short names of clients are the clients", () => {
  const azure = { model: "gpt-4o", azure_endpoint: "https://one.example", api_version: "2024-06-01" };
  for (const [full, names, config] of [
    [
      "autogen_ext.models.openai.OpenAIChatCompletionClient",
      ["OpenAIChatCompletionClient", "openai_chat_completion_client"],
      { model: "gpt-4o" },
    ],
    [
      "autogen_ext.models.openai.AzureOpenAIChatCompletionClient",
      ["AzureOpenAIChatCompletionClient", "azure_openai_chat_completion_client"],
      azure,
    ],
  ] as const) {
    const load = (provider: string): unknown => dumpComponent(loadComponent({ provider, config }, registry));
    for (const name of names) expect(load(name)).toEqual(load(full));
  }
});

verifies("ext-4", "an old version without an upgrade is an error that names the component", () => {
  const error = failure(() => loadComponent(oldLamp, createRegistry({ components: [lamp(false)] })));
  expect([error.code, error.message]).toEqual(["config.invalid_document", expect.stringContaining("my-app/Lamp")]);
});

verifies("ext-5", "a tool is no model", () => {
  const config = { name: "a", model: { provider: "@troupe/llm/tool", config: { name: "add" } } };
  const error = failure(() => loadComponent({ provider: "@troupe/agentchat/AssistantAgent", config }, registry));
  expect([error.message, error.details?.["path"]]).toEqual([
    expect.stringContaining("of type tool"),
    "config.model.provider",
  ]);
});

verifies("ext-6", "a reference to a key survives JSON and is used", async () => {
  const document = dumpComponent(model("openai:gpt-4o", { apiKey: { $env: "MISSING_KEY" }, retry: false }));
  const solo = {
    provider: "@troupe/agentchat/AssistantAgent",
    config: { name: "a", model: JSON.parse(JSON.stringify(document)) as unknown },
  };
  const agent = loadComponent(solo, registry);
  if (!(agent instanceof AssistantAgent)) throw new Error("no agent came out");
  // The reference is looked up at the first call, among what the program lent.
  await expect(agent.run("hi")).rejects.toMatchObject({
    cause: { code: "config.missing_key", details: { variable: "MISSING_KEY" } },
  });
});
