import type { Benchmark, Figure } from "../harness/benchmark.ts";
import { loadPeer } from "../harness/load-peer.ts";
import { leastCosts } from "../harness/measure.ts";
import { BareMailbox } from "./bare-mailbox.ts";
import { Add, openCounter } from "./counter.ts";
import type { NactPeer } from "./nact-peer.ts";

/** Sends of one burst: well within the mailbox, so that neither side waits at the door. */
const burst = 500;

/** Messages nobody answers, until all of them are handled. */
export const oneWay: Benchmark = {
  name: "one-way",
  claim: "a one-way send, handled, is at least as fast as nact's dispatch",
  run: async (scale) => {
    const count = scale.count(100_000, 2_000);
    let total = 0;
    const { runtime, counter } = await openCounter((n) => (total += n));
    const id = counter.id("one");
    const nact = (await loadPeer<NactPeer>("nact")).open();
    let told = 0;
    let bareTotal = 0;
    const bare = new BareMailbox((n: number) => (bareTotal += n));
    const expectTotal = async (send: () => Promise<void>): Promise<void> => {
      const before = total;
      await send();
      await runtime.idle();
      if (total !== before + count) throw new Error(`${count} sent, ${total - before} handled`);
    };
    const costs = await leastCosts(scale.count(12, 1), {
      troupe: () =>
        expectTotal(async () => {
          for (let n = 1; n <= count; n++) {
            const accepted = runtime.tell(Add({ n: 1 }), id);
            if (n % burst === 0) await accepted;
          }
        }),
      nact: () => {
        for (let n = 0; n < count; n++) nact.tell(1);
        told += count;
        return nact.counted(told);
      },
      bare: async () => {
        for (let n = 1; n <= count; n++) {
          bare.tell(1);
          if (n % burst === 0) await Promise.resolve();
        }
      },
      awaited: () =>
        expectTotal(async () => {
          for (let n = 0; n < count; n++) await runtime.tell(Add({ n: 1 }), id);
        }),
    });
    if (bareTotal === 0) throw new Error("the bare mailbox handled nothing");
    nact.stop();
    await runtime.close();
    const perSend = (name: keyof typeof costs): number => (costs[name].wallMs * 1000) / count;
    const beside = [
      { name: "nact", value: perSend("nact"), role: "at-most" },
      { name: "bare promise mailbox", value: perSend("bare"), role: "for-scale" },
    ] as const;
    return [
      { label: `one-way send in bursts of ${burst}, until handled`, value: perSend("troupe"), unit: "us", beside },
      {
        label: "one-way send, each acceptance awaited",
        value: perSend("awaited"),
        unit: "us",
        beside: [{ name: "nact", value: perSend("nact"), role: "for-scale" }],
      },
    ] satisfies readonly Figure[];
  },
};
