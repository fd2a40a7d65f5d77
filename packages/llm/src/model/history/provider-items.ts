import type { AssistantPart, ModelMessage, ProviderFields } from "../model-message.ts";
import type { HistoryRules } from "./history-rules.ts";

type AssistantMessage = Extract<ModelMessage, { readonly role: "assistant" }>;

/**
 * The history with each item that the provider has numbered at most once: a message that holds one for the second time is sent as if another
 * model had said it. The same list when there is nothing to change.
 */
export function withoutRepeatedItems(history: readonly ModelMessage[], rules: HistoryRules): readonly ModelMessage[] {
  if (rules.itemId === undefined) return history;
  const seen = new Set<string>();
  let isSame = true;
  const kept = history.flatMap((message): readonly ModelMessage[] => {
    if (message.role !== "assistant" || takeItems(message, rules, seen)) return [message];
    isSame = false;
    const content = asForeign(message.content, rules);
    return content.length === 0 ? [] : [{ ...message, content }];
  });
  return isSame ? history : kept;
}

/** What another model could have said: no thoughts, and nothing that only this provider understands. */
export function asForeign(content: readonly AssistantPart[], rules: HistoryRules): readonly AssistantPart[] {
  return content.flatMap((part): readonly AssistantPart[] => {
    if (part.kind === "reasoning") return [];
    if (!isOwn(part, rules)) return [part];
    const { providerMetadata: _own, ...plain } = part;
    return [plain];
  });
}

/** Whether a part carries fields of the provider whose rules these are. */
export function isOwn(part: ProviderFields, rules: HistoryRules): boolean {
  const metadata = part.providerMetadata;
  return metadata !== undefined && rules.metadataKeys.some((key) => Object.hasOwn(metadata, key));
}

/** False when one of the items was there before. A thought in several pieces is one item. */
function takeItems(message: AssistantMessage, rules: HistoryRules, seen: Set<string>): boolean {
  const items = new Set<string>();
  let previous: string | undefined;
  for (const part of message.content) {
    const id = idOf(part, rules);
    if (id !== undefined && id !== previous && (seen.has(id) || items.has(id))) return false;
    if (id !== undefined) items.add(id);
    previous = id;
  }
  for (const id of items) seen.add(id);
  return true;
}

function idOf(part: ProviderFields, { metadataKeys, itemId }: HistoryRules): string | undefined {
  if (itemId === undefined) return undefined;
  for (const key of metadataKeys) {
    const fields: unknown = part.providerMetadata?.[key];
    const id: unknown = typeof fields === "object" && fields !== null ? Reflect.get(fields, itemId) : undefined;
    if (typeof id === "string") return id;
  }
  return undefined;
}
