import type { CallIdRule } from "./call-ids.ts";

/** What one provider accepts as a conversation, as data. `normalize` makes a history obey it. */
export interface HistoryRules {
  /**
   * `anywhere`: system messages stay where they are. `leading`: all of them come first, each on its own. `single`: they are merged into
   * one that comes first.
   */
  readonly systemMessages: "anywhere" | "leading" | "single";
  /** The first message that is not a system message must be a user's. */
  readonly startsWithUser: boolean;
  /** The conversation must not end with words of the assistant. */
  readonly endsWithUser: boolean;
  /** Neighbours of the same role (user or assistant) are merged. */
  readonly mergesNeighbours: boolean;
  /** Images are sent as they are; without it they become a text mark. */
  readonly images: boolean;
  /**
   * `all`: any reasoning may come back. `own`: only reasoning that carries provider metadata under one of `metadataKeys`; a signature of
   * another provider would be refused.
   */
  readonly reasoning: "all" | "own";
  /** Names under which this provider's opaque fields are stored. */
  readonly metadataKeys: readonly string[];
  /** Empty text that carries this provider's metadata is kept (a thought signature may come with no words). */
  readonly keepsSignedEmptyText: boolean;
  /** What the ids of tool calls look like; other providers' ids are replaced. Default: any text. */
  readonly callIds?: CallIdRule | undefined;
  /** Names of tools hold letters, digits, `_` and `-` only, at most 64; models also call names that are none. Default false. */
  readonly plainToolNames?: boolean | undefined;
  /**
   * The name, in this provider's metadata, of ids that it has given to parts: each may come back once, and a part that came with a thought
   * only with that thought. Default: none.
   */
  readonly itemId?: string | undefined;
  /**
   * The provider has no place for the name of whoever wrote a user's message: it is said in the text, as in `ada said:`. In a team a model
   * could not tell the others apart without it. The name `user` goes without saying. Default false.
   */
  readonly namesInText?: boolean | undefined;
  /** After results of tools it is the assistant's turn. Default false. */
  readonly answersResults?: boolean | undefined;
  /** A conversation without any message is refused. Default false. */
  readonly notEmpty?: boolean | undefined;
  /** What a call without a result is said to have met; default `unknown`. */
  readonly missingResult?: "unknown" | "cancelled" | undefined;
}

const permissive: HistoryRules = {
  systemMessages: "anywhere",
  startsWithUser: false,
  endsWithUser: false,
  mergesNeighbours: false,
  images: true,
  reasoning: "all",
  metadataKeys: [],
  keepsSignedEmptyText: false,
};

const wordIds = { pattern: "[a-zA-Z0-9_-]+", maxLength: 64 } as const;

/** What all services have in common. */
const service: HistoryRules = {
  ...permissive,
  callIds: wordIds,
  plainToolNames: true,
  namesInText: true,
  notEmpty: true,
};

/**
 * The rules of the providers we know, by the name of their wire format.
 *
 * Sources: OpenAI API reference, chat completions and responses (tool messages answer the preceding `tool_calls`; a reasoning item needs
 * the item that follows it); Anthropic Messages API (system apart, roles alternate, the first message is a user's, text blocks hold more
 * than whitespace, thinking blocks come back with their signature, ids of calls are words); Gemini API (a function call follows a user turn or a function
 * response; thought signatures come back with their part); Mistral chat API and `mistral-common` (the last role is user or tool, an answer
 * follows on tools, ids of calls are nine letters or digits).
 */
export const historyRules: {
  readonly permissive: HistoryRules;
  readonly "openai-chat": HistoryRules;
  readonly "openai-responses": HistoryRules;
  readonly anthropic: HistoryRules;
  readonly google: HistoryRules;
  readonly mistral: HistoryRules;
  readonly "openai-compatible": HistoryRules;
} = {
  permissive,
  "openai-chat": { ...service, callIds: { ...wordIds, maxLength: 40 }, metadataKeys: ["openai", "azure"] },
  "openai-responses": { ...service, reasoning: "own", metadataKeys: ["openai", "azure"], itemId: "itemId" },
  anthropic: {
    ...service,
    systemMessages: "leading",
    startsWithUser: true,
    endsWithUser: true,
    mergesNeighbours: true,
    reasoning: "own",
    metadataKeys: ["anthropic", "bedrock", "amazonBedrock", "vertex", "googleVertex"],
  },
  google: {
    ...service,
    systemMessages: "leading",
    startsWithUser: true,
    endsWithUser: true,
    mergesNeighbours: true,
    metadataKeys: ["google", "vertex", "googleVertex"],
    keepsSignedEmptyText: true,
  },
  // Chat templates of local servers often allow one system message, in front.
  "openai-compatible": { ...service, callIds: { ...wordIds, maxLength: 40 }, systemMessages: "single" },
  mistral: {
    ...service,
    callIds: { pattern: "[a-zA-Z0-9]{9}", maxLength: 9 },
    answersResults: true,
    systemMessages: "leading",
    endsWithUser: true,
    mergesNeighbours: true,
    metadataKeys: ["mistral"],
  },
};
