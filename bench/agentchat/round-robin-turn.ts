import { RoundRobinGroupChat } from "@troupe/agentchat";
import type { Benchmark } from "../harness/benchmark.ts";
import { loadPeer } from "../harness/load-peer.ts";
import { leastCost, measure } from "../harness/measure.ts";
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

/** CPU milliseconds of the first and of the last part of one long run. */
async function endsOfLongRun(turns: number, part: number): Promise<{ readonly first: number; readonly last: number }> {
  const marks: number[] = [];
  let turn = 0;
  await talk(turns, () => {
    turn += 1;
    if ([part, 2 * part, turns - part, turns].includes(turn)) {
      const { user, system } = process.cpuUsage();
      marks.push((user + system) / 1000);
    }
  });
  const [start = 0, firstEnd = 0, lastStart = 0, end = 0] = marks;
  return { first: firstEnd - start, last: end - lastStart };
}

/** What a turn of a team costs when nobody thinks. */
export const roundRobinTurn: Benchmark = {
  name: "round-robin-turn",
  claim: "a round-robin turn of trivial agents costs at most 40 us of CPU, as much at turn 10,000 as at turn 100",
  run: async (scale) => {
    const short = 100;
    const long = scale.count(10_000, 200);
    const peer = await loadPeer<LangGraphPeer>("langgraph");
    // Many short runs first: the code is warm when the long one begins.
    const shortRuns = await leastCost(scale.count(5, 1), async () => {
      for (let run = 0; run < scale.count(20, 1); run++) await talk(short);
    });
    const longRun = await leastCost(scale.count(3, 1), () => talk(long));
    const ends = await endsOfLongRun(long, long / 10);
    const graph = peer.createRoundRobin(short);
    const graphRuns = await leastCost(scale.count(3, 1), async () => {
      for (let run = 0; run < scale.count(5, 1); run++)
        if ((await graph()) !== short + 1) throw new Error("the graph lost messages");
    });
    const graphLong = scale.count(1_000, 150);
    const graphLongRun = await measure(async () => void (await peer.createRoundRobin(graphLong)()));
    const perTurn = (cpuMs: number, turns: number): number => (cpuMs * 1000) / turns;
    const besideShort = perTurn(graphRuns.cpuMs, short * scale.count(5, 1));
    return [
      {
        label: `a turn, in runs of ${short}`,
        value: perTurn(shortRuns.cpuMs, short * scale.count(20, 1)),
        unit: "us CPU",
        limit: 40,
        beside: [{ name: "LangGraph.js", value: besideShort, role: "for-scale" }],
      },
      {
        label: `a turn, in a run of ${long.toLocaleString("en-US")}`,
        value: perTurn(longRun.cpuMs, long),
        unit: "us CPU",
        limit: 40,
        beside: [
          {
            name: `LangGraph.js (${graphLong} turns)`,
            value: perTurn(graphLongRun.cpuMs, graphLong),
            role: "for-scale",
          },
        ],
      },
      {
        label: "the last tenth of that run against its second tenth",
        value: ends.last / ends.first,
        unit: "x",
        limit: 1.5,
      },
    ];
  },
};
