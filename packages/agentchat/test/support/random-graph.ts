import type { RandomSource } from "@troupe/core";
import type { DiGraph, DiGraphEdge } from "@troupe/agentchat";

/** What conditions wait for, and what answers are made of. */
const words: readonly string[] = ["red", "green", "blue"];

/** A whole number from 0 up to a limit, without it. */
export function below(random: RandomSource, limit: number): number {
  return Math.floor(random.next() * limit);
}

function pick<T>(random: RandomSource, from: readonly T[]): T {
  const picked = from[below(random, from.length)];
  if (picked === undefined) throw new Error("nothing to pick from");
  return picked;
}

/** What a node says in a turn: some of the words, or `!` when it fails. */
export function randomAnswer(random: RandomSource, failures: number): string {
  if (random.next() < failures) return "!";
  return words.filter(() => random.next() < 0.6).join(" ") || "grey";
}

/**
 * A graph of 1 to 12 nodes, with joins of both kinds, groups, conditions, edges for errors and cycles. Not every one can work. Some are built
 * from levels with a few edges back, others of anything, so that both long ways and tangles are among them.
 */
export function randomGraph(random: RandomSource): DiGraph {
  const size = 12 - Math.floor(12 * random.next() ** 2);
  const isTangle = random.next() < 0.3;
  const names = Array.from({ length: size }, (_, index) => `n${index}`);
  const nodes = names.map((name, index) => {
    const isConditional = random.next() < 0.5;
    const edges: DiGraphEdge[] = [];
    const isLeaf = index === size - 1 || (index > 0 && random.next() < 0.1);
    const count = isLeaf ? 0 : 1 + below(random, 3);
    for (let edge = 0; edge < count; edge += 1) {
      const isBack = isTangle ? random.next() < 0.5 : isConditional && random.next() < 0.25;
      const to = isBack ? below(random, index + 1) : index + 1 + below(random, Math.min(size - index - 1, 4));
      const isNamed = isBack ? random.next() < 0.7 : random.next() < 0.1;
      edges.push({
        target: names[to] ?? name,
        ...(isConditional && { condition: randomCondition(random) }),
        ...(isNamed && { activationGroup: isBack ? `back${index}` : pick(random, ["one", "two"]) }),
      });
    }
    if (index < size - 1 && random.next() < 0.1)
      edges.push({ target: pick(random, names.slice(index + 1)), on: "error" });
    return { name, edges, activation: random.next() < 0.5 ? ("any" as const) : ("all" as const) };
  });
  if (random.next() < 0.3) return { nodes };
  const reached = new Set(["n0"]);
  for (const name of reached)
    for (const { target } of nodes.find((node) => node.name === name)?.edges ?? []) reached.add(target);
  return { nodes: nodes.filter(({ name }) => reached.has(name)), defaultStartNode: "n0" };
}

/** A word, or a test: of a text that holds one word and not another. */
function randomCondition(random: RandomSource): NonNullable<DiGraphEdge["condition"]> {
  const word = pick(random, words);
  if (random.next() < 0.6) return word;
  const other = pick(random, words);
  return { name: `${word} without ${other}`, test: ({ text }) => text.includes(word) && !text.includes(other) };
}
