import { cancelLatency } from "./agentchat/cancel-latency.ts";
import { concurrentRuns, finishedRuns } from "./agentchat/many-runs.ts";
import { modelCall, toolCalls } from "./agentchat/model-call.ts";
import { roundRobinTurn } from "./agentchat/round-robin-turn.ts";
import { storedBytes } from "./agentchat/stored-bytes.ts";
import { textDeltas } from "./agentchat/text-deltas.ts";
import { idleAgents } from "./core/idle-agents.ts";
import { oneWay } from "./core/one-way.ts";
import { passivatedAgents } from "./core/passivated-agents.ts";
import { requestResponse } from "./core/request-response.ts";
import type { Benchmark } from "./harness/benchmark.ts";
import { newcomer } from "./package/newcomer.ts";

/** Every benchmark, in the order they run. */
export const benchmarks: readonly Benchmark[] = [
  requestResponse,
  oneWay,
  idleAgents,
  passivatedAgents,
  roundRobinTurn,
  modelCall,
  toolCalls,
  storedBytes,
  textDeltas,
  concurrentRuns,
  finishedRuns,
  cancelLatency,
  newcomer,
];
