import { isJsonObject, type JsonObject } from "../model/json.ts";
import type { ModelMessage } from "../model/model-message.ts";
import { clearResults, shortenParts } from "./shorten-messages.ts";

/**
 * What a kept history knows about how it is shown. Marks are entries of the history: they are stored with it, and the entries before them
 * stay as they are. Numbers count the messages of the history without marks.
 */
export type HistoryMark =
  /** The first `upTo` messages are told by a summary: the text of the mark. */
  | { readonly kind: "summary"; readonly upTo: number }
  /** What did not fit any more. */
  | ({ readonly kind: "pruned" } & Pruning)
  /** What a provider counted for the first `upTo` messages, with everything around them. */
  | { readonly kind: "size"; readonly upTo: number; readonly tokens: number };

/** Which messages of a history are not shown, or shown shorter. */
export interface Pruning {
  /** Messages at the start that stay. */
  readonly head: number;
  /** Messages from `head` up to here are left out. */
  readonly upTo: number;
  /** Results of tools before this message are replaced by a note. */
  readonly clearedUpTo: number;
  /** Texts before this message are cut to `partTokens`. */
  readonly cutUpTo: number;
  readonly partTokens: number;
}

type Marked = Extract<ModelMessage, { readonly role: "user" }>;

/** A mark as an entry of a history; its text is what a model would read that knew nothing of marks. */
export function markMessage(mark: HistoryMark, text: string): ModelMessage {
  const { kind, ...numbers } = mark;
  return note(text, { troupe: { mark: kind, ...numbers } });
}

/** What a history says about itself: its messages without marks, and the last mark of each kind. */
export interface OpenedHistory {
  readonly messages: readonly ModelMessage[];
  readonly summary: { readonly upTo: number; readonly text: string } | undefined;
  readonly pruning: Pruning | undefined;
  readonly size: { readonly upTo: number; readonly tokens: number } | undefined;
}

/** Takes a history apart; the same list, when there are no marks in it. */
export function openHistory(history: readonly ModelMessage[]): OpenedHistory {
  let opened: OpenedHistory = { messages: history, summary: undefined, pruning: undefined, size: undefined };
  if (!history.some(isMarked)) return opened;
  const messages: ModelMessage[] = [];
  for (const message of history) {
    const mark = isMarked(message) ? readMark(message) : undefined;
    if (mark === undefined) messages.push(message);
    // What was counted before something was left out says nothing about what is shown now.
    else opened = { ...opened, ...(mark.size === undefined && { size: undefined }), ...mark };
  }
  return { ...opened, messages };
}

/**
 * The history as its marks want it shown: a summary or the first messages, a note about what is left out, and the rest.
 *
 * @param options.summaries Without it summaries are ignored, and the messages that they tell of are shown.
 */
export function applyMarks(
  history: readonly ModelMessage[],
  options: { readonly summaries: boolean },
): readonly ModelMessage[] {
  const { messages, summary, pruning } = openHistory(history);
  const told = options.summaries ? summary : undefined;
  return showHistory(messages, { summary: told, pruning });
}

/** The messages as a summary and a pruning want them shown. */
export function showHistory(
  messages: readonly ModelMessage[],
  { summary, pruning }: Pick<OpenedHistory, "summary" | "pruning">,
): readonly ModelMessage[] {
  if (summary === undefined && pruning === undefined) return messages;
  const shown = (from: number, to?: number): readonly ModelMessage[] =>
    messages.slice(from, to).map((message, index) => shortenMessage(message, from + index, pruning));
  const head = summary === undefined ? shown(0, pruning?.head ?? 0) : [note(summary.text)];
  const start = Math.max(summary?.upTo ?? 0, pruning?.upTo ?? 0);
  const skipped = start - (summary?.upTo ?? pruning?.head ?? 0);
  const rest = shown(Math.trunc(Math.max(start, summary === undefined ? head.length : 0)));
  return skipped > 0 ? [...head, note(`Skipped ${skipped} messages.`), ...rest] : [...head, ...rest];
}

function shortenMessage(message: ModelMessage, index: number, pruning: Pruning | undefined): ModelMessage {
  if (pruning === undefined) return message;
  const { clearedUpTo, cutUpTo, partTokens } = pruning;
  const cleared = index < clearedUpTo ? clearResults(message) : message;
  return index < cutUpTo ? shortenParts(cleared, partTokens) : cleared;
}

function note(text: string, providerMetadata?: JsonObject): Marked {
  return {
    role: "user",
    name: "System",
    content: [{ kind: "text", text }],
    ...(providerMetadata !== undefined && { providerMetadata }),
  };
}

function isMarked(message: ModelMessage): message is Marked {
  return message.role === "user" && message.providerMetadata?.["troupe"] !== undefined;
}

function textOf(message: Marked): string {
  return message.content.map((part) => (part.kind === "text" ? part.text : "")).join("");
}

function readMark(message: Marked): Partial<OpenedHistory> | undefined {
  const fields = message.providerMetadata?.["troupe"];
  if (!isJsonObject(fields)) return undefined;
  const [upTo, head, clearedUpTo] = [
    numberAt(fields, "upTo"),
    numberAt(fields, "head"),
    numberAt(fields, "clearedUpTo"),
  ];
  switch (fields["mark"]) {
    case "summary":
      return { summary: { upTo, text: textOf(message) } };
    case "size":
      return { size: { upTo, tokens: numberAt(fields, "tokens") } };
    case "pruned":
      return {
        pruning: {
          head,
          upTo,
          clearedUpTo,
          cutUpTo: numberAt(fields, "cutUpTo"),
          partTokens: numberAt(fields, "partTokens"),
        },
      };
    default:
      return undefined;
  }
}

function numberAt(fields: JsonObject, key: string): number {
  const value = fields[key];
  return typeof value === "number" ? value : 0;
}
