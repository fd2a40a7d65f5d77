export type {
  AgentContext,
  EmitOptions,
  MessageInfo,
  TurnRequestOptions,
  TurnSendOptions,
  Wait,
  WaitOptions,
} from "./agent-context.ts";
export type { AnyContext, Blueprint, BlueprintOptions, Route, SettledRoute } from "./blueprint.ts";
export { type AgentDefinition, type AgentOptions, blueprintOf, defineAgent } from "./define-agent.ts";
export type { Handler, HandlerFactory, HandlerOptions, Settlement } from "./handler.ts";
export type { List, ListRange, Lists } from "./list.ts";
export type { RunContext } from "./run-context.ts";
export type { ControlReason, StepContext, StepOptions, StepOutcome } from "./step.ts";
export { trustType } from "./trust-type.ts";
