import type { Runner } from "@troupe/agentchat";

/** A team or agent of whatever output: what the command can run. */
export type AnyRunner = Pick<Runner<unknown>, "name" | "run" | "session" | "attach" | "register"> &
  Partial<Pick<Runner<unknown>, "close" | "fork">>;

/**
 * True for what a module may export to be run. Structural, so that a project's own copy of the packages counts as well.
 */
export function isRunner(value: unknown): value is AnyRunner {
  if (typeof value !== "object" || value === null) return false;
  return ["run", "session", "attach", "register"].every((name) => typeof Reflect.get(value, name) === "function");
}
