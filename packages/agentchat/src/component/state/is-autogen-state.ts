/** True for what AutoGen's `save_state()` returns: of a team, or of an agent. */
export function isAutoGenState(document: Readonly<Record<string, unknown>>): boolean {
  const { type, version, kind } = document;
  return kind === undefined && typeof type === "string" && type.endsWith("State") && version === "1.0.0";
}
