import type { JsonValue } from "@troupe/core";
import { asJson } from "../../../message/as-json.ts";
import type { SelectionInput, SelectionNews, SpeakerSelection } from "../../../turn/role.ts";
import type { GraphPlan } from "../plan/graph-plan.ts";
import {
  graphEnd,
  type GraphState,
  isOver,
  noteFailure,
  readGraphState,
  resumeGraph,
  settleNode,
  startGraph,
  takeReady,
} from "./graph-state.ts";

/** What is known after some news. A new run goes on where the last one was ended, or begins when there is nothing to go on with. */
export function observeGraph(plan: GraphPlan, memory: JsonValue, news: SelectionNews): JsonValue {
  const state = readGraphState(memory, plan);
  if (news.kind === "task") {
    if (state === undefined || isOver(state)) return asJson(startGraph(plan));
    resumeGraph(state);
    return asJson(state);
  }
  if (news.kind !== "answered" || state === undefined) return memory;
  // A node that failed has had its turn only if the run goes on without its answer: `select` will know.
  if (news.isOk) settleNode(plan, state, { node: news.speaker, isOk: true, messages: news.messages });
  else noteFailure(state, news.speaker);
  return asJson(state);
}

/** Who starts now. */
export function selectInGraph(plan: GraphPlan, { memory }: Pick<SelectionInput, "memory">): SpeakerSelection {
  const state: GraphState = readGraphState(memory, plan) ?? startGraph(plan);
  for (const node of state.failed) settleNode(plan, state, { node, isOk: false, messages: [] });
  const speakers = takeReady(state);
  if (speakers.length > 0) return { kind: "speak", speakers, memory: asJson(state) };
  if (state.working.length > 0) return { kind: "wait", memory: asJson(state) };
  return { kind: "stop", stop: graphEnd(plan, state), memory: null };
}
