import type { ChatMessage } from "../../message/chat-message.ts";

/** How many branches of a group must arrive before their node runs: each of them, or the first. */
export type ActivationCondition = "all" | "any";

/**
 * Decides whether an edge is taken: pure, at once, true or false. `message` is the last word of the node, `messages` all that it said in its
 * turn: several when the node is a team.
 */
export type EdgeTest = (message: ChatMessage, messages: readonly ChatMessage[]) => boolean;

/** A test with a name, which a document can hold; the program that reads the document hands the test back. */
export interface NamedEdgeTest {
  readonly name: string;
  readonly test: EdgeTest;
}

/** When an edge is taken: the text that its node's last message must contain (as a model reads it), or a test. */
export type EdgeCondition = string | EdgeTest | NamedEdgeTest;

/** A way from one node to another. */
export interface DiGraphEdge {
  /** Name of the node that it leads to. */
  readonly target: string;
  /** Default: always taken. Of a node's edges either all have a condition, or none. */
  readonly condition?: EdgeCondition | null | undefined;
  /** Edges into one node with the same group count together; each group by itself can start the node. Default: the target's name. */
  readonly activationGroup?: string | undefined;
  /** What the group waits for; its edges must agree. Default: the `activation` of the target. */
  readonly activationCondition?: ActivationCondition | undefined;
  /**
   * `error`: taken when the node failed and the team goes on (`onError: "skip"` or `"feed-back"`), without a condition. A node that fails and
   * has such edges takes these alone. Default `answer`.
   */
  readonly on?: "answer" | "error" | undefined;
}

/** A node: the participant of the same name. */
export interface DiGraphNode {
  readonly name: string;
  /** Edges that leave it, in the order in which their targets start; default: none, a leaf. */
  readonly edges?: readonly DiGraphEdge[] | undefined;
  /** For groups of edges into it that do not say it themselves; default `all`. */
  readonly activation?: ActivationCondition | undefined;
}

/** Who goes on after whom: data. The order of nodes and edges decides where nothing else does. */
export interface DiGraph {
  readonly nodes: readonly DiGraphNode[];
  /** Where a run starts; default: every node that no edge leads to. */
  readonly defaultStartNode?: string | undefined;
}
