import { TeamError } from "@troupe/core";
import { findPrice, listPrices } from "@troupe/llm";
import type { Budget, BudgetOption } from "../budget/budget.ts";
import type { Role } from "../turn/role.ts";

/**
 * A limit in dollars over a model without a known price would limit nothing.
 *
 * @throws TeamError `run.unpriced_model` unless a budget says `unpriced: "allow"`.
 */
export function checkPrices(role: Role, budget: Budget, options: readonly (BudgetOption | undefined)[]): void {
  if (budget.usd === Number.POSITIVE_INFINITY) return;
  if (options.some((option) => typeof option === "object" && option.unpriced === "allow")) return;
  const model = modelsOf(role).find((name) => findPrice(listPrices, name) === null);
  if (model === undefined) return;
  throw new TeamError(
    "run.unpriced_model",
    `The budget is limited in dollars, but the price of model "${model}" is not known`,
    {
      remedy: 'Limit tokens instead, or allow it with budget: { usd, unpriced: "allow" }.',
      details: { model },
    },
  );
}

function modelsOf(role: Role): readonly string[] {
  return role.kind === "agent" ? role.models : [...role.participants.values()].flatMap(modelsOf);
}
