/** A thrown value as the sandbox words it. */
export interface ThrownValue {
  /** Empty when something else than an error was thrown. */
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly cause: string;
}

/** A block as its author wrote it. */
export interface ShownBlock {
  readonly fileName: string;
  readonly code: string;
  /** False when the engine ran another form of it, with the same lines and other columns. */
  readonly hasColumns: boolean;
}

/** Names of other JavaScript hosts that programs expect, which a plain `ReferenceError` does not explain. */
const hostNames: ReadonlySet<string> = new Set([
  "Buffer",
  "Bun",
  "Deno",
  "TextDecoder",
  "TextEncoder",
  "URL",
  "XMLHttpRequest",
  "__dirname",
  "__filename",
  "document",
  "exports",
  "global",
  "localStorage",
  "module",
  "performance",
  "process",
  "window",
]);

const maxFrames = 8;

/**
 * Words an uncaught error so that a model can repair its program: name, message, the line it wrote, and the frames of its own code.
 *
 * @param heading `Uncaught`, or what else happened.
 */
export function describeFailure(heading: string, thrown: ThrownValue, blocks: readonly ShownBlock[]): string {
  const title = thrown.name === "" ? thrown.message : `${thrown.name}: ${thrown.message}`;
  const frames = ownFrames(thrown.stack, blocks);
  const lines = [`${heading} ${title}`];
  const place = findPlace(frames[0], blocks);
  if (place !== undefined) lines.push(`  ${place.fileName}:${place.line} | ${place.source}`);
  lines.push(...frames.slice(0, maxFrames).map((frame) => `    ${frame}`));
  if (frames.length > maxFrames) lines.push(`    ... ${frames.length - maxFrames} more`);
  if (thrown.cause !== "") lines.push(`Caused by ${thrown.cause}`);
  const hint = hintFor(thrown);
  if (hint !== undefined) lines.push(hint);
  return lines.join("\n");
}

/** The lines of a stack that lie in the program; the engine's own and the prelude's mean nothing to its author. */
function ownFrames(stack: string, blocks: readonly ShownBlock[]): readonly string[] {
  return stack.split("\n").flatMap((line) => {
    const block = blocks.find(({ fileName }) => line.includes(`${fileName}:`));
    if (block === undefined) return [];
    const frame = line.trim().replace("<eval>", "<program>");
    return [block.hasColumns ? frame : frame.replace(/(\.js:\d+):\d+/, "$1")];
  });
}

function findPlace(
  frame: string | undefined,
  blocks: readonly ShownBlock[],
): { readonly fileName: string; readonly line: number; readonly source: string } | undefined {
  const found = frame === undefined ? null : /([\w-]+\.js):(\d+)/.exec(frame);
  const [, fileName, digits] = found ?? [];
  const source = blocks.find((block) => block.fileName === fileName)?.code.split("\n")[Number(digits) - 1];
  if (fileName === undefined || source === undefined) return undefined;
  return { fileName, line: Number(digits), source: source.trim().slice(0, 200) };
}

function hintFor({ name, message }: ThrownValue): string | undefined {
  const missing = name === "ReferenceError" ? /^'?([\w$]+)'? is not defined/.exec(message)?.[1] : undefined;
  if (missing === undefined || !hostNames.has(missing)) return undefined;
  return `This sandbox has no "${missing}": only standard JavaScript, console.log, readFile(name) and files.`;
}
