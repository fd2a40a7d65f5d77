import type { Benchmark, Figure } from "../harness/benchmark.ts";
import { loadPeer } from "../harness/load-peer.ts";
import { leastCosts } from "../harness/measure.ts";
import { BareMailbox } from "./bare-mailbox.ts";
import { Next, openCounter } from "./counter.ts";
import type { NactPeer } from "./nact-peer.ts";

/** One question after the other, each awaited. */
export const requestResponse: Benchmark = {
  claim: "a sequential request and its response is at least as fast as nact's query",
  run: async (scale) => {
    const count = scale.count(50_000, 1_000);
    const { runtime, counter } = await openCounter();
    const id = counter.id("one");
    const nact = (await loadPeer<NactPeer>("nact")).open();
    const bare = new BareMailbox((message: { readonly n: number }) => ({ n: message.n + 1 }));
    const costs = await leastCosts(scale.count(20, 1), {
      troupe: () => repeat(count, (n) => runtime.send(Next({ n }), id)),
      nact: () => repeat(count, (n) => nact.ask(n)),
      bare: () => repeat(count, (n) => bare.send({ n })),
    });
    nact.stop();
    await runtime.close();
    return (["wallMs", "cpuMs"] as const).map((measure): Figure => {
      const perCall = (name: keyof typeof costs): number => (costs[name][measure] * 1000) / count;
      return {
        label: measure === "wallMs" ? "request and response, time" : "request and response, CPU",
        value: perCall("troupe"),
        unit: "us",
        beside: [
          { name: "nact", value: perCall("nact"), role: "at-most" },
          { name: "bare promise mailbox", value: perCall("bare"), role: "for-scale" },
        ],
      };
    });
  },
};

async function repeat(count: number, ask: (n: number) => Promise<{ readonly n: number }>): Promise<void> {
  for (let n = 0; n < count; n++) {
    const reply = await ask(n);
    if (reply.n !== n + 1) throw new Error(`asked ${n}, was answered ${reply.n}`);
  }
}
