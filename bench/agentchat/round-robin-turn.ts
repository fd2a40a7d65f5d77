import { RoundRobinGroupChat } from "@troupe/agentchat";
import type { Benchmark } from "../harness/benchmark.ts";
import { loadPeer } from "../harness/load-peer.ts";
import { leastCost, median } from "../harness/measure.ts";
import { Speaker } from "./speakers.ts";

interface LangGraphPeer {
  createRoundRobin(turns: number): () => Promise<number>;
}

/** A run of two trivial speakers; calls `onTurn` at the start of each turn. */
async function talk(turns: number, onTurn?: () => void): Promise<void> {
  const participants = [new Speaker("left", onTurn), new Speaker("right", onTurn)];
  const team = new RoundRobinGroupChat({ participants, maxTurns: turns, budget: "unbounded" });
  const result = await team.run("go");
  await team.close();
  if (result.messages.length !== turns + 1) throw new Error(`${result.messages.length} messages after ${turns} turns`);
}

/** CPU microseconds of a turn in each slice of one long run. */
async function slicesOf(turns: number, slice: number): Promise<readonly number[]> {
  const costs: number[] = [];
  let turn = 0;
  let mark = process.cpuUsage();
  await talk(turns, () => {
    turn += 1;
    if (turn % slice !== 0) return;
    const { user, system } = process.cpuUsage(mark);
    costs.push((user + system) / slice);
    mark = process.cpuUsage();
  });
  return costs;
}

/** How many times dearer a turn is at the end of a run than at its beginning, by the medians of its first and last third. */
function growthOf(costs: readonly number[]): number {
  const third = Math.floor(costs.length / 3);
  return median(costs.slice(-third)) / median(costs.slice(0, third));
}

/** CPU microseconds of a turn in LangGraph.js, in runs of so many turns. */
async function langGraphTurn(peer: LangGraphPeer, turns: number, runs: number): Promise<number> {
  const invoke = peer.createRoundRobin(turns);
  const cost = await leastCost(3, async () => {
    for (let run = 0; run < runs; run++) if ((await invoke()) !== turns + 1) throw new Error("the graph lost messages");
  });
  return (cost.cpuMs * 1000) / (turns * runs);
}

/** What a turn of a team costs when nobody thinks. */
export const roundRobinTurn: Benchmark = {
  claim: "a round-robin turn of trivial agents costs at most 40 us of CPU, as much at turn 10,000 as at turn 100",
  run: async (scale) => {
    const short = 100;
    const shortRuns = scale.count(20, 1);
    const long = scale.count(10_000, 300);
    const peer = await loadPeer<LangGraphPeer>("langgraph");
    // Compiled before it is measured, as a server's code is.
    for (let run = 0; run < scale.count(3, 0); run++) await talk(long);
    const inShortRuns = await leastCost(scale.count(5, 1), async () => {
      for (let run = 0; run < shortRuns; run++) await talk(short);
    });
    const inLongRun = await leastCost(scale.count(3, 1), () => talk(long));
    const growths: number[] = [];
    for (let run = 0; run < scale.count(3, 1); run++)
      growths.push(growthOf(await slicesOf(long, Math.floor(long / 30))));
    const graphTurns = scale.count(1_000, 150);
    return [
      {
        label: `a turn, in runs of ${short}`,
        value: (inShortRuns.cpuMs * 1000) / (short * shortRuns),
        unit: "us CPU",
        limit: 40,
        beside: [
          { name: "LangGraph.js", value: await langGraphTurn(peer, short, scale.count(5, 1)), role: "for-scale" },
        ],
      },
      {
        label: `a turn, in a run of ${long.toLocaleString("en-US")}`,
        value: (inLongRun.cpuMs * 1000) / long,
        unit: "us CPU",
        limit: 40,
        beside: [
          {
            name: `LangGraph.js (${graphTurns} turns)`,
            value: await langGraphTurn(peer, graphTurns, 1),
            role: "for-scale",
          },
        ],
      },
      { label: "a turn in the last third against the first third", value: Math.min(...growths), unit: "x", limit: 1.2 },
    ];
  },
};
