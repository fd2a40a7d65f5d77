import { type Component, defineComponent, defineForeignForm, type DumpPlace, type Field, fields } from "@troupe/core";
import type {
  DiGraph,
  DiGraphEdge,
  DiGraphNode,
  EdgeCondition,
  EdgeTest,
  NamedEdgeTest,
} from "../../team/graph/di-graph.ts";
import { GraphFlow, type GraphFlowOptions } from "../../team/graph/graph-flow.ts";
import { either, isText, namedFunction } from "../field/combine-fields.ts";
import { type AutoGenGroup, autoGenGroupFields, fromGroup, groupCovers, groupFields, toGroup } from "./group-fields.ts";

type Options = GraphFlowOptions<unknown>;

const activation = /* @__PURE__ */ fields.oneOf("all", "any");
const test = /* @__PURE__ */ namedFunction<EdgeTest>();

/** A test with a name stands in a document as that name, and comes back as a test with that name. */
const namedTest: Field<EdgeTest | NamedEdgeTest> = {
  ...test,
  read: (value, place) => {
    const found = test.read(value, place);
    const name = nameIn(value);
    return name === undefined || name === found.name ? found : { name, test: found };
  },
  write: (value, place) => test.write(isNamedTest(value) ? value.test : value, place),
};

const condition: Field<EdgeCondition> = /* @__PURE__ */ either(isText, fields.text, namedTest);

const edge = /* @__PURE__ */ fields.object<DiGraphEdge>({
  target: fields.text,
  condition: fields.optional(fields.nullable(condition)),
  activationGroup: fields.optional(fields.text),
  activationCondition: fields.optional(activation),
  on: fields.optional(fields.oneOf("answer", "error")),
});

const graph: Field<DiGraph> = /* @__PURE__ */ fields.object<DiGraph>({
  nodes: fields.list(
    fields.object<DiGraphNode>({
      name: fields.text,
      edges: fields.optional(fields.list(edge)),
      activation: fields.optional(activation),
    }),
  ),
  defaultStartNode: fields.optional(fields.text),
});

/** A graph of AutoGen's: its nodes by name. */
interface AutoGenGraph {
  readonly nodes: Readonly<Record<string, AutoGenNode>>;
  readonly default_start_node?: string | undefined;
  readonly has_cycles?: boolean | undefined;
}

interface AutoGenNode {
  readonly name: string;
  readonly edges: readonly AutoGenEdge[];
  readonly activation?: "all" | "any" | undefined;
}

interface AutoGenEdge {
  readonly target: string;
  readonly condition?: string | undefined;
  readonly activation_group?: string | undefined;
  readonly activation_condition?: "all" | "any" | undefined;
}

const autoGenGraph: Field<AutoGenGraph> = /* @__PURE__ */ fields.object<AutoGenGraph>({
  nodes: fields.map(
    fields.object<AutoGenNode>({
      name: fields.text,
      edges: fields.list(
        fields.object<AutoGenEdge>({
          target: fields.text,
          condition: fields.optional(fields.text),
          activation_group: fields.optional(fields.text),
          activation_condition: fields.optional(activation),
        }),
      ),
      activation: fields.optional(activation),
    }),
  ),
  default_start_node: fields.optional(fields.text),
  has_cycles: fields.optional(fields.flag),
});

/** A graph's team as a document. */
export function graphComponent(): Component {
  const { reserves: _none, ...others } = groupFields;
  return defineComponent<Options>({
    provider: "@troupe/agentchat/GraphFlow",
    type: "team",
    description: "A team that works along a graph.",
    fields: { ...others, graph },
    create: (options) => new GraphFlow(options),
    foreign: [
      defineForeignForm<Options, Omit<AutoGenGroup, "emit_team_events"> & { readonly graph: AutoGenGraph }>({
        dialect: "autogen",
        provider: "autogen_agentchat.teams.GraphFlow",
        fields: { ...withoutEvents(), graph: autoGenGraph },
        toOptions: ({ graph: given, ...config }) => ({ ...fromGroup(config), graph: fromAutoGen(given) }),
        covers: [...groupCovers.filter((name) => name !== "emitTeamEvents"), "graph"],
        toConfig: (options, place) => {
          const { emit_team_events: _unsaid, ...group } = toGroup(options);
          return { ...group, graph: toAutoGen(options.graph, place.at("graph")) };
        },
      }),
    ],
  });
}

/** AutoGen's GraphFlow does not say who was selected. */
function withoutEvents(): Omit<typeof autoGenGroupFields, "emit_team_events"> {
  const { emit_team_events: _unsaid, ...others } = autoGenGroupFields;
  return others;
}

function fromAutoGen({ nodes, default_start_node: start }: AutoGenGraph): DiGraph {
  return {
    nodes: Object.values(nodes).map((node) => ({
      name: node.name,
      edges: node.edges.map(fromEdge),
      ...(node.activation !== undefined && { activation: node.activation }),
    })),
    ...(start !== undefined && { defaultStartNode: start }),
  };
}

function fromEdge(given: AutoGenEdge): DiGraphEdge {
  return {
    target: given.target,
    ...(given.condition !== undefined && { condition: given.condition }),
    ...(given.activation_group !== undefined && { activationGroup: given.activation_group }),
    ...(given.activation_condition !== undefined && { activationCondition: given.activation_condition }),
  };
}

function toAutoGen({ nodes, defaultStartNode }: DiGraph, place: DumpPlace): AutoGenGraph {
  const written = nodes.map((node, index): [string, AutoGenNode] => [
    node.name,
    {
      name: node.name,
      edges: (node.edges ?? []).map((one, edgeIndex) =>
        toEdge(one, place.at("nodes").at(index).at("edges").at(edgeIndex)),
      ),
      activation: node.activation ?? "all",
    },
  ]);
  return { nodes: Object.fromEntries(written), default_start_node: defaultStartNode };
}

/** @throws ConfigError for a function (AutoGen drops those: its reloaded branches would all be taken) and for an edge for errors. */
function toEdge(given: DiGraphEdge, place: DumpPlace): AutoGenEdge {
  const { condition: when } = given;
  if (when !== undefined && when !== null && typeof when !== "string")
    throw place.at("condition").refuse("is a function, which AutoGen's documents lose", "Use a text as the condition.");
  if (given.on === "error")
    throw place.at("on").refuse("is an edge for errors, which AutoGen does not have", "Leave the edge out.");
  return {
    target: given.target,
    condition: when ?? undefined,
    activation_group: given.activationGroup,
    activation_condition: given.activationCondition,
  };
}

function isNamedTest(value: unknown): value is NamedEdgeTest {
  return typeof value === "object" && value !== null && "test" in value && typeof value.test === "function";
}

function nameIn(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !("$named" in value)) return undefined;
  return typeof value.$named === "string" ? value.$named : undefined;
}
