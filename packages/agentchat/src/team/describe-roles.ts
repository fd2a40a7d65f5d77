/** One line for each role: its name and what it is for. */
export function describeRoles(roles: readonly { readonly name: string; readonly description: string }[]): string {
  return roles.map(({ name, description }) => `${name}: ${description.replaceAll(/\s+/gu, " ").trim()}`).join("\n");
}
