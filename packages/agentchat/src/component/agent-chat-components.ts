import type { Component } from "@troupe/core";
import { type LlmComponentOptions, llmComponents } from "@troupe/llm";
import { messageFilterComponent, userProxyComponent } from "./agent/agent-components.ts";
import { assistantComponent } from "./agent/assistant-component.ts";
import { codeExecutorComponent, societyOfMindComponent } from "./agent/model-agent-components.ts";
import { runnerToolComponent } from "./agent/runner-tool-component.ts";
import { combinedConditions } from "./condition/combined-conditions.ts";
import { limitConditions } from "./condition/limit-conditions.ts";
import { messageConditions } from "./condition/message-conditions.ts";
import { graphComponent } from "./team/graph-component.ts";
import { magenticOneComponent } from "./team/magentic-one-component.ts";
import { selectorComponent } from "./team/selector-component.ts";
import { roundRobinComponent, swarmComponent } from "./team/team-components.ts";

/**
 * The components of this package and the one below: agents, teams, conditions, contexts, memories, workbenches, and what the program lends to
 * documents by name.
 *
 * @example
 * ```ts
 * const registry = createComponentRegistry({ components: agentChatComponents({ tools: [search] }) });
 * const team = registry.load(document);
 * ```
 */
export function agentChatComponents(lent: LlmComponentOptions = {}): readonly Component[] {
  return [
    assistantComponent(),
    userProxyComponent(),
    codeExecutorComponent(),
    societyOfMindComponent(),
    messageFilterComponent(),
    roundRobinComponent(),
    selectorComponent(),
    swarmComponent(),
    graphComponent(),
    magenticOneComponent(),
    runnerToolComponent(),
    ...limitConditions(),
    ...messageConditions(),
    ...combinedConditions(),
    ...llmComponents(lent),
  ];
}
