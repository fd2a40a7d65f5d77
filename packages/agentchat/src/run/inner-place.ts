/** Marks the place of a team whose words only the agent hears that runs it. No participant can have such a name. */
const mark = "^";

/** The name below an agent of a team that works for this agent alone: what it says is shown to watchers, and is not part of the result. */
export function innerPlace(name: string): string {
  return `${mark}${name}`;
}

/** True for a path within such a team. */
export function isWithin(path: readonly string[]): boolean {
  return path.some((name) => name.startsWith(mark));
}
