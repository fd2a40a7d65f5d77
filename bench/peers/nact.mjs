// Two nact actors: one answers, one counts. Stateless ones, the faster kind, without crash policies or timeouts.
import nact from "nact";

/** Starts the actors; `stop` ends them. */
export function open() {
  const system = nact.start();
  let total = 0;
  let target = Number.POSITIVE_INFINITY;
  let reached = () => {};
  const answerer = nact.spawnStateless(
    system,
    (message) => nact.dispatch(message.sender, { n: message.n + 1 }),
    "answerer",
  );
  const counter = nact.spawnStateless(
    system,
    (message) => {
      total += message.n;
      if (total >= target) reached();
    },
    "counter",
  );
  return {
    ask: (n) => nact.query(answerer, (sender) => ({ sender, n }), 60_000),
    tell: (n) => nact.dispatch(counter, { n }),
    counted: (count) =>
      new Promise((resolve) => {
        target = count;
        reached = resolve;
        if (total >= count) resolve();
      }),
    stop: () => nact.stop(system),
  };
}
