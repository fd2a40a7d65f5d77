import { TeamError } from "@troupe/core";
import { findPrice, type PriceTable } from "@troupe/llm";
import type { Budget, BudgetOption } from "../budget/budget.ts";
import { membersOf, type Role } from "../turn/role.ts";

/**
 * A limit in dollars over a model without a known price would limit nothing.
 *
 * @throws TeamError `run.unpriced_model`.
 */
export function checkPrices(role: Role, budget: Budget, table: PriceTable): void {
  if (budget.usd === Number.POSITIVE_INFINITY) return;
  const model = modelsOf(role).find((name) => findPrice(table, name) === null);
  if (model === undefined) return;
  throw new TeamError(
    "run.unpriced_model",
    `The budget is limited in dollars, but the price of model "${model}" is not known`,
    {
      remedy: 'Give its price in `prices`, limit tokens instead, or allow it with budget: { usd, unpriced: "allow" }.',
      details: { model },
    },
  );
}

function modelsOf(role: Role): readonly string[] {
  return role.kind === "agent" ? role.models : membersOf(role).flatMap(modelsOf);
}

/** True for a budget that says so. */
export function allowsUnpriced(option: BudgetOption | undefined): boolean {
  return typeof option === "object" && option.unpriced === "allow";
}
