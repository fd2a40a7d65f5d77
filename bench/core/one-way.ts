import type { Benchmark, Beside } from "../harness/benchmark.ts";
import { loadPeer } from "../harness/load-peer.ts";
import { leastCosts } from "../harness/measure.ts";
import { BareMailbox } from "./bare-mailbox.ts";
import { Add, openCounter } from "./counter.ts";
import type { NactPeer } from "./nact-peer.ts";

/** Sends of one burst, each handled before the next: well within the mailbox, so that nothing waits at the door. */
const burst = 500;

/** The ways in which our side is told things. */
async function openTroupe(count: number): Promise<{
  readonly inBursts: () => Promise<void>;
  readonly awaited: () => Promise<void>;
  readonly outrun: () => Promise<void>;
  readonly close: () => Promise<void>;
}> {
  let total = 0;
  const { runtime, counter } = await openCounter((n) => (total += n));
  const id = counter.id("one");
  const tell = (): Promise<void> => runtime.tell(Add({ n: 1 }), id);
  const handled = async (send: () => Promise<unknown>): Promise<void> => {
    const before = total;
    await send();
    await runtime.idle();
    if (total !== before + count) throw new Error(`${count} sent, ${total - before} handled`);
  };
  return {
    inBursts: () =>
      handled(async () => {
        for (let n = 1; n <= count; n++) {
          const accepted = tell();
          if (n % burst !== 0) continue;
          await accepted;
          await runtime.idle();
        }
      }),
    awaited: () =>
      handled(async () => {
        for (let n = 0; n < count; n++) await tell();
      }),
    outrun: () => handled(() => Promise.all(Array.from({ length: count }, tell))),
    close: () => runtime.close(),
  };
}

/** The same messages to a queue and a microtask. */
async function tellBare(count: number): Promise<void> {
  let total = 0;
  const bare = new BareMailbox((n: number) => (total += n));
  for (let n = 1; n <= count; n++) {
    bare.tell(1);
    if (n % burst === 0) await Promise.resolve();
  }
  await Promise.resolve();
  if (total !== count) throw new Error(`the bare mailbox handled ${total} of ${count}`);
}

/** Messages nobody answers, until all of them are handled. */
export const oneWay: Benchmark = {
  claim: "a one-way send, handled, is at least as fast as nact's dispatch",
  run: async (scale) => {
    const count = scale.count(100_000, 2_000);
    const { inBursts, awaited, outrun, close } = await openTroupe(count);
    const nact = (await loadPeer<NactPeer>("nact")).open();
    let told = 0;
    const dispatch = (): Promise<void> => {
      for (let n = 0; n < count; n++) nact.tell(1);
      told += count;
      return nact.counted(told);
    };
    const costs = await leastCosts(scale.count(12, 1), {
      inBursts,
      nact: dispatch,
      bare: () => tellBare(count),
      awaited,
    });
    const flood = await leastCosts(scale.count(3, 1), { outrun });
    nact.stop();
    await close();
    const perSend = (cost: { readonly wallMs: number }): number => (cost.wallMs * 1000) / count;
    const nactAs = (role: Beside["role"]): Beside => ({ name: "nact", value: perSend(costs.nact), role });
    const bareMailbox = { name: "bare promise mailbox", value: perSend(costs.bare), role: "for-scale" } as const;
    return [
      {
        label: `one-way send in bursts of ${burst}, until handled`,
        value: perSend(costs.inBursts),
        unit: "us",
        beside: [nactAs("at-most"), bareMailbox],
      },
      {
        label: "one-way send, each acceptance awaited",
        value: perSend(costs.awaited),
        unit: "us",
        beside: [nactAs("at-most")],
      },
      {
        label: `${count.toLocaleString("en-US")} at once to a mailbox of 10,000: most wait at the door`,
        value: perSend(flood.outrun),
        unit: "us",
        beside: [nactAs("for-scale")],
      },
    ];
  },
};
