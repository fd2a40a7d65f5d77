import type { Benchmark } from "./harness/benchmark.ts";
import { idleAgents } from "./core/idle-agents.ts";
import { oneWay } from "./core/one-way.ts";
import { passivatedAgents } from "./core/passivated-agents.ts";
import { requestResponse } from "./core/request-response.ts";

/** Every benchmark, in the order they run. */
export const benchmarks: readonly Benchmark[] = [requestResponse, oneWay, idleAgents, passivatedAgents];
