/** Where an actor of a runner works: its session, and the path of names below the runner. */
export interface CellAddress {
  readonly sessionId: string;
  readonly path: readonly string[];
}

/** The key of an actor: the session id, then the path. Slashes of the session id are escaped, names have none. */
export function formatKey({ sessionId, path }: CellAddress): string {
  return [escapeSession(sessionId), ...path].join("/");
}

/** The inverse of `formatKey`. */
export function parseKey(key: string): CellAddress {
  const [session = "", ...path] = key.split("/");
  return { sessionId: unescapeSession(session), path };
}

/** The cell of a session: one log for the manager, its participants and all teams within. */
export function formatCell(runner: string, key: string): string {
  const slash = key.indexOf("/");
  return `${runner}/${slash < 0 ? key : key.slice(0, slash)}`;
}

/** The runner and the session of a cell's name. */
export function parseCell(cell: string): { readonly runner: string; readonly sessionId: string } {
  const slash = cell.indexOf("/");
  if (slash < 0) return { runner: cell, sessionId: "" };
  return { runner: cell.slice(0, slash), sessionId: unescapeSession(cell.slice(slash + 1)) };
}

function escapeSession(sessionId: string): string {
  return /[%/]/u.test(sessionId) ? sessionId.replaceAll("%", "%25").replaceAll("/", "%2F") : sessionId;
}

function unescapeSession(text: string): string {
  return text.includes("%") ? text.replaceAll("%2F", "/").replaceAll("%25", "%") : text;
}
