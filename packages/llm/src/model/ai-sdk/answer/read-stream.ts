import type { ModelEvent } from "../../chat-model.ts";
import type { JsonObject } from "../../json.ts";
import type { AssistantPart, ProviderFields } from "../../model-message.ts";
import { isRecord, listAt, stringAt, type UnknownRecord } from "../json-guards.ts";
import { type CallIds, readMetadata, readPart } from "./read-content.ts";

/** Text or reasoning that may still grow. */
interface TextBlock {
  readonly kind: "text-block";
  readonly partKind: "text" | "reasoning";
  text: string;
  metadata: ProviderFields;
}

/**
 * Collects the parts of a streamed answer.
 *
 * It owns the answer so far; it knows nothing of connections or signals.
 *
 * 1. Parts come out in the order in which they started, whatever the interleaving of their pieces.
 * 2. A call is announced once, when it is complete, under the id of its deltas.
 */
export class AnswerCollector {
  readonly sources: JsonObject[] = [];
  readonly warnings: unknown[] = [];
  readonly notes: string[] = [];
  finish: UnknownRecord | undefined;
  modelId: string | undefined;
  readonly #ids: CallIds;
  readonly #slots: (AssistantPart | TextBlock)[] = [];
  readonly #openBlocks = new Map<string, TextBlock>();
  readonly #openCalls = new Map<string, { readonly callId: string; readonly toolName: string }>();

  constructor(ids: CallIds) {
    this.#ids = ids;
  }

  /** The parts so far, in order; text that is still open counts with what there is. */
  get content(): readonly AssistantPart[] {
    return this.#slots.flatMap((slot) => (slot.kind === "text-block" ? toTextPart(slot) : [slot]));
  }

  /** Takes one stream part and returns the event it means, if any. Parts of type `error` are the caller's. */
  take(part: UnknownRecord): ModelEvent | undefined {
    switch (part["type"]) {
      case "text-delta":
        return this.#addText(part, "text");
      case "reasoning-delta":
        return this.#addText(part, "reasoning");
      case "tool-input-delta":
        return this.#addArguments(part);
      case "text-start":
      case "reasoning-start":
      case "text-end":
      case "reasoning-end":
        this.#mark(part);
        return undefined;
      case "tool-input-start":
        this.#startCall(part);
        return undefined;
      default:
        return this.#takeWhole(part);
    }
  }

  #takeWhole(part: UnknownRecord): ModelEvent | undefined {
    switch (part["type"]) {
      case "stream-start":
        this.warnings.push(...listAt(part, "warnings"));
        return undefined;
      case "response-metadata":
        this.modelId = stringAt(part, "modelId") ?? this.modelId;
        return undefined;
      case "finish":
        this.finish = part;
        return undefined;
      case "tool-input-end":
      case "ping":
      case "raw":
        return undefined;
      default:
        return this.#takePart(part);
    }
  }

  #takePart(part: UnknownRecord): ModelEvent | undefined {
    const read = readPart(part, {
      unique: (wished) => this.#openCalls.get(wished)?.callId ?? this.#ids.unique(wished),
    });
    this.#openCalls.delete(stringAt(part, "toolCallId") ?? "");
    switch (read.kind) {
      case "part":
        this.#slots.push(read.part);
        return read.part.kind === "tool-call" ? { kind: "tool-call", call: read.part } : undefined;
      case "source":
        this.sources.push(read.source);
        return undefined;
      case "skipped":
        this.notes.push(read.warning);
        return undefined;
      case "ignored":
        return undefined;
    }
  }

  #block(partKind: "text" | "reasoning", id: string): TextBlock {
    const key = `${partKind}-${id}`;
    const open = this.#openBlocks.get(key);
    if (open !== undefined) return open;
    const block: TextBlock = { kind: "text-block", partKind, text: "", metadata: {} };
    this.#slots.push(block);
    this.#openBlocks.set(key, block);
    return block;
  }

  #addText(part: UnknownRecord, partKind: "text" | "reasoning"): ModelEvent | undefined {
    const id = stringAt(part, "id") ?? "";
    const delta = stringAt(part, "delta") ?? "";
    const block = this.#block(partKind, id);
    block.text += delta;
    block.metadata = mergeMetadata(block.metadata, readMetadata(part));
    if (delta === "") return undefined;
    return { kind: `${partKind}-delta`, partId: `${partKind}-${id}`, delta };
  }

  /** The start or the end of a block: both may bring metadata. */
  #mark(part: UnknownRecord): void {
    const type = stringAt(part, "type") ?? "";
    const partKind = type.startsWith("text") ? "text" : "reasoning";
    const id = stringAt(part, "id") ?? "";
    const block = this.#block(partKind, id);
    block.metadata = mergeMetadata(block.metadata, readMetadata(part));
    if (type.endsWith("-end")) this.#openBlocks.delete(`${partKind}-${id}`);
  }

  #startCall(part: UnknownRecord): void {
    if (part["providerExecuted"] === true) return;
    const id = stringAt(part, "id") ?? "";
    this.#openCalls.set(id, { callId: this.#ids.unique(id), toolName: stringAt(part, "toolName") ?? "" });
  }

  #addArguments(part: UnknownRecord): ModelEvent | undefined {
    const call = this.#openCalls.get(stringAt(part, "id") ?? "");
    const delta = stringAt(part, "delta") ?? "";
    return call === undefined || delta === "" ? undefined : { kind: "tool-call-delta", ...call, delta };
  }
}

/** Blocks without text are kept when they carry a signature or an item id: the provider may want it back. */
function toTextPart(block: TextBlock): readonly AssistantPart[] {
  if (block.text === "" && block.metadata.providerMetadata === undefined) return [];
  return [{ kind: block.partKind, text: block.text, ...block.metadata }];
}

/** Later fields win, provider by provider: a signature comes at the end, an item id at the start. */
function mergeMetadata(earlier: ProviderFields, later: ProviderFields): ProviderFields {
  if (later.providerMetadata === undefined) return earlier;
  const merged: Record<string, JsonObject[string]> = { ...earlier.providerMetadata };
  for (const [provider, fields] of Object.entries(later.providerMetadata)) {
    const before = merged[provider];
    merged[provider] = isRecord(before) && isRecord(fields) ? { ...before, ...fields } : fields;
  }
  return { providerMetadata: merged };
}
