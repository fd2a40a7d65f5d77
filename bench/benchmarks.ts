import type { Benchmark } from "./harness/benchmark.ts";

/**
 * Every benchmark by name, in the order they run. Loaded only in the process that runs it: what a benchmark imports is part of what it
 * measures, and whoever lists the names needs no build.
 */
export const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  "request-response": async () => (await import("./core/request-response.ts")).requestResponse,
  "one-way": async () => (await import("./core/one-way.ts")).oneWay,
  "idle-agents": async () => (await import("./core/idle-agents.ts")).idleAgents,
  "passivated-agents": async () => (await import("./core/passivated-agents.ts")).passivatedAgents,
  "log-codec": async () => (await import("./core/log-codec.ts")).logCodec,
  "round-robin-turn": async () => (await import("./agentchat/round-robin-turn.ts")).roundRobinTurn,
  "model-call": async () => (await import("./agentchat/model-call.ts")).modelCall,
  "tool-calls": async () => (await import("./agentchat/model-call.ts")).toolCalls,
  "stored-bytes": async () => (await import("./agentchat/stored-bytes.ts")).storedBytes,
  "text-deltas": async () => (await import("./agentchat/text-deltas.ts")).textDeltas,
  "concurrent-runs": async () => (await import("./agentchat/many-runs.ts")).concurrentRuns,
  "finished-runs": async () => (await import("./agentchat/many-runs.ts")).finishedRuns,
  "cancel-latency": async () => (await import("./agentchat/cancel-latency.ts")).cancelLatency,
  "sqlite-appends": async () => (await import("./sqlite/raw-appends.ts")).rawAppends,
  "sqlite-one-way": async () => (await import("./sqlite/durable-one-way.ts")).durableOneWay,
  "sqlite-tool-calls": async () => (await import("./sqlite/durable-tool-calls.ts")).durableToolCalls,
  "sqlite-stored-talk": async () => (await import("./sqlite/stored-talk.ts")).storedTalk,
  "sqlite-resume": async () => (await import("./sqlite/resume.ts")).resume,
  "postgres-resume": async () => (await import("./postgres/resume.ts")).resume,
  newcomer: async () => (await import("./package/newcomer.ts")).newcomer,
};
