import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

/** Where a project notes which module or document each of its teams is in, so that a run can be resumed by its id alone. */
const file = join(".troupe", "teams.json");

/** Where a team is, and how it is loaded. Paths are relative to the working directory. */
export interface TeamPlace {
  readonly path: string;
  /** Of a document: the model in the place of its own. */
  readonly modelId: string | undefined;
  /** Of a document: the module whose exports it may name. */
  readonly lender: string | undefined;
}

/** Notes the place of a team. A note that cannot be written costs only the convenience. */
export function rememberTeam(name: string, place: TeamPlace): void {
  const notes = readNotes();
  const note = noteOf(place);
  if (JSON.stringify(notes[name]) === JSON.stringify(note)) return;
  try {
    mkdirSync(".troupe", { recursive: true });
    // Two commands at once: whoever renames last wins, and neither leaves half a file.
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify({ ...notes, [name]: note }, null, 2)}\n`);
    renameSync(draft, file);
  } catch {
    // See above.
  }
}

/** The place that a team was last run from; undefined when nobody noted it. */
export function findTeam(name: string): TeamPlace | undefined {
  const note = readNotes()[name];
  if (typeof note === "string") return { path: note, modelId: undefined, lender: undefined };
  if (typeof note !== "object" || note === null || !("file" in note) || typeof note.file !== "string") return undefined;
  return { path: note.file, modelId: textIn(note, "model"), lender: textIn(note, "with") };
}

/** A module is noted as its path alone. */
function noteOf({ path, modelId, lender }: TeamPlace): unknown {
  const own = relative(process.cwd(), resolve(path));
  if (modelId === undefined && lender === undefined) return own;
  return {
    file: own,
    model: modelId,
    with: lender === undefined ? undefined : relative(process.cwd(), resolve(lender)),
  };
}

function textIn(note: object, name: string): string | undefined {
  const value: unknown = Reflect.get(note, name);
  return typeof value === "string" ? value : undefined;
}

function readNotes(): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof parsed === "object" && parsed !== null ? Object.fromEntries(Object.entries(parsed)) : {};
  } catch {
    return {};
  }
}
