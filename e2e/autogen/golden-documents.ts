import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A document as AutoGen 0.7.5 wrote it. */
export interface GoldenDocument {
  readonly kind: "component" | "state";
  readonly name: string;
  readonly document: Readonly<Record<string, unknown>>;
}

/** What AutoGen 0.7.5 wrote: made by `python/dump_documents.py`, kept so that most tests run without Python. */
export function goldenDocuments(kind: GoldenDocument["kind"]): readonly GoldenDocument[] {
  const lines = readFileSync(join(import.meta.dirname, "documents.jsonl"), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => readGolden(JSON.parse(line))).filter((golden) => golden.kind === kind);
}

/** One of them by name. */
export function goldenDocument(kind: GoldenDocument["kind"], name: string): Readonly<Record<string, unknown>> {
  const found = goldenDocuments(kind).find((golden) => golden.name === name);
  if (found === undefined) throw new Error(`there is no golden ${kind} "${name}"`);
  return found.document;
}

/** Checks one line of what the Python program prints. */
export function readGolden(line: unknown): GoldenDocument {
  if (isRecord(line) && (line["kind"] === "component" || line["kind"] === "state")) {
    const { kind, name, document } = line;
    if (typeof name === "string" && isRecord(document)) return { kind, name, document };
  }
  throw new Error(`no golden document: ${JSON.stringify(line).slice(0, 100)}`);
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A document without what each system says about its classes (the descriptions and labels of envelopes) and without nulls. */
export function withoutProse(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutProse);
  if (!isRecord(value)) return value;
  const isEnvelope = "provider" in value && "config" in value;
  const isProse = (key: string): boolean => isEnvelope && (key === "description" || key === "label");
  const kept = Object.entries(value).filter(([key, item]) => item !== null && !isProse(key));
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutProse(item)]));
}
