import { type JsonValue, keepOptions } from "@troupe/core";
import type { SelectionInput, SelectionNews, SelectionStrategy, SpeakerSelection } from "../../turn/role.ts";
import { GroupChat, type GroupChatOptions } from "../group-chat.ts";
import type { DiGraph } from "./di-graph.ts";
import type { GraphPlan } from "./plan/graph-plan.ts";
import { observeGraph, selectInGraph } from "./progress/graph-strategy.ts";
import { checkTeam } from "./check-team.ts";
import { validateGraph } from "./plan/validate-graph.ts";

/** What a graph's team is made of: its members are the nodes of the graph. */
export interface GraphFlowOptions<Output = undefined> extends Omit<GroupChatOptions<Output>, "reserves"> {
  /** Who goes on after whom; each participant is a node. */
  readonly graph: DiGraph;
}

/**
 * A team that works along a graph: a node takes its turn when the edges that lead to it say so, and nodes that do not wait for each other work
 * at the same time.
 *
 * A run ends `graph-complete` when every path has reached a leaf, and `dead-end` when one has not: the detail names the node whose answer no
 * edge took, or the join that still waits. Either way the next run of the session starts anew. A run that something else ended (a condition,
 * a limit, a fault) goes on with the next one: nodes whose turn did not come to its end take it again.
 * Everybody hears everything that was said before its turn, whoever said it; edges say who works, not who hears.
 */
export class GraphFlow<Output = undefined> extends GroupChat<Output> {
  /** The graph it works along. */
  readonly graph: DiGraph;
  readonly #plan: GraphPlan;

  /**
   * @throws ConfigError `config.invalid_graph` for a graph that cannot work, `config.invalid_definition`, `config.duplicate_name`,
   * `config.invalid_option`.
   */
  constructor(options: GraphFlowOptions<Output>) {
    super(options, "GraphFlow");
    this.graph = options.graph;
    this.#plan = validateGraph(options.graph);
    checkTeam(this.#plan, options);
    if (new.target === GraphFlow) keepOptions(this, "@troupe/agentchat/GraphFlow", options);
  }

  protected override get strategy(): Omit<SelectionStrategy, "select" | "observe"> {
    return { schedulesEach: true, concludes: true, fixedMembers: "they are the nodes of its graph" };
  }

  /** Follows the edges of whoever has answered, also when the run ends with it. */
  protected override observe(memory: JsonValue, news: SelectionNews): JsonValue {
    return observeGraph(this.#plan, memory, news);
  }

  protected select(input: SelectionInput): SpeakerSelection {
    return selectInGraph(this.#plan, input);
  }
}
