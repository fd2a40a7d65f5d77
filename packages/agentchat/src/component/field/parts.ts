import { isCodeExecutor, isMemory, isModelContext, isTool, isWorkbench } from "@troupe/llm";
import { fields, type Field } from "@troupe/core";
import type { CodeExecutor, Memory, ModelContext, Tool, Workbench } from "@troupe/llm";
import type { TerminationCondition } from "../../condition/termination-condition.ts";
import type { Participant } from "../../turn/role.ts";

/** True for an agent or team. */
export function isParticipant(value: unknown): value is Participant {
  return hasMethods(value, "toRole") && "name" in value && typeof value.name === "string";
}

/** True for a condition. */
export function isCondition(value: unknown): value is TerminationCondition {
  return hasMethods(value, "check", "and", "or", "not");
}

function hasMethods(value: unknown, ...names: readonly string[]): value is object {
  if (typeof value !== "object" || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === "function");
}

/** Components inside agents and teams. */
export const parts: {
  readonly participant: Field<Participant>;
  readonly condition: Field<TerminationCondition>;
  readonly tool: Field<Tool>;
  readonly workbench: Field<Workbench>;
  readonly memory: Field<Memory>;
  readonly context: Field<ModelContext>;
  readonly executor: Field<CodeExecutor>;
} = {
  participant: /* @__PURE__ */ fields.child(["agent", "team"], isParticipant),
  condition: /* @__PURE__ */ fields.child("termination", isCondition),
  tool: /* @__PURE__ */ fields.child("tool", isTool),
  workbench: /* @__PURE__ */ fields.child("workbench", isWorkbench),
  memory: /* @__PURE__ */ fields.child("memory", isMemory),
  context: /* @__PURE__ */ fields.child("chat_completion_context", isModelContext),
  executor: /* @__PURE__ */ fields.child("code_executor", isCodeExecutor),
};
