import { createVerifier, defineRequirements, type Requirements, type Verifier } from "./requirement.ts";

/** What a team that works along a graph owes: AutoGen's list for its GraphFlow, and what AutoGen's does wrong. */
export const requirements: Requirements = defineRequirements([
  {
    id: "graph-114",
    kind: "parity",
    text: "Sequence, fan-out, join, several starts and disconnected parts run each node once.",
  },
  {
    id: "graph-115",
    kind: "parity",
    text: "A branch is picked by text or by function, and only the one that matches.",
  },
  {
    id: "graph-116",
    kind: "parity",
    text: "A loop with an exit, a self-loop and two loops through one hub give the exact order of nodes.",
  },
  { id: "graph-117", kind: "parity", text: "A join of any runs its node once." },
  {
    id: "graph-118",
    kind: "parity",
    text: "Graphs without nodes, start or leaf, with mixed edges, groups in conflict or endless cycles are rejected.",
  },
  {
    id: "graph-119",
    kind: "replaced",
    text: "A cyclic graph without a condition and a turn limit is rejected before the first turn.",
    replacedBy: "the default budget bounds it; it is rejected when the budget is unbounded too",
  },
  { id: "graph-120", kind: "parity", text: "A complete graph runs again for a new task, without a reset." },
  {
    id: "graph-121",
    kind: "parity",
    text: "After a condition the next run goes on at the next node, also in a new team.",
  },
  { id: "graph-122", kind: "parity", text: "The result has a stop reason and no message about it." },
  {
    id: "graph-123",
    kind: "parity",
    text: "The graph builder is fluent, refuses unknown ends, keeps the order and gives stable data.",
  },
  { id: "graph-148", kind: "better", text: "A stop word of any parallel node stops the graph; counts include all." },
  { id: "graph-149", kind: "better", text: "A loop saved at every point and restored gives the same order of nodes." },
  {
    id: "graph-150",
    kind: "better",
    text: "A dead end has a stop reason of its own; the last node's message can end the run by a condition.",
  },
  {
    id: "graph-151",
    kind: "better",
    text: "A join of any starts before the slow branch ends; a node never runs twice for one activation.",
  },
  {
    id: "graph-152",
    kind: "better",
    text: "One graph starts its nodes in one order, always; unknown, unplayed and unreachable nodes are rejected.",
  },
  { id: "graph-153", kind: "better", text: "A graph with functions is written down with their names, or not at all." },
  {
    id: "graph-D10",
    kind: "better",
    text: "The reference's own examples run: loops back by a group of one, of all and of any, and an exit by a test.",
  },
  { id: "graph-W37", kind: "better", text: "Edges are taken by who spoke, whatever source a message names." },
  {
    id: "graph-W39",
    kind: "better",
    text: "Graphs have team events, teams as nodes and edges for errors.",
  },
]);

const verifier = createVerifier(requirements);

/** Declares a test of a row of this file. */
export const verifies: Verifier["verifies"] = (id, name, verify) => verifier.verifies(id, name, verify);
