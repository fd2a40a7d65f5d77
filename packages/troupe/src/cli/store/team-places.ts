import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

/** Where a project notes which module each of its teams is in, so that a run can be resumed by its id alone. */
const file = join(".troupe", "teams.json");

/** Notes the module of a team, relative to the working directory. A note that cannot be written costs only the convenience. */
export function rememberTeam(name: string, modulePath: string): void {
  const places = readPlaces();
  const path = relative(process.cwd(), resolve(modulePath));
  if (places[name] === path) return;
  try {
    mkdirSync(".troupe", { recursive: true });
    // Two commands at once: whoever renames last wins, and neither leaves half a file.
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify({ ...places, [name]: path }, null, 2)}\n`);
    renameSync(draft, file);
  } catch {
    // See above.
  }
}

/** The module that a team was last run from; undefined when nobody noted it. */
export function findTeam(name: string): string | undefined {
  return readPlaces()[name];
}

function readPlaces(): Readonly<Record<string, string>> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    const entries = typeof parsed === "object" && parsed !== null ? Object.entries(parsed) : [];
    return Object.fromEntries(
      entries.flatMap(([name, path]: [string, unknown]) => (typeof path === "string" ? [[name, path]] : [])),
    );
  } catch {
    return {};
  }
}
