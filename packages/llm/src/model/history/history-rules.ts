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

/**
 * The rules of the providers we know, by the name of their wire format.
 *
 * Sources: OpenAI API reference, chat completions and responses (tool messages answer the preceding `tool_calls`; a reasoning item needs
 * the item that follows it); Anthropic Messages API (system apart, roles alternate, the first message is a user's, text blocks hold more
 * than whitespace, thinking blocks come back with their signature); Gemini API (a function call follows a user turn or a function
 * response; thought signatures come back with their part); Mistral chat API (the last role is user or tool).
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
  "openai-chat": { ...permissive, metadataKeys: ["openai", "azure"] },
  "openai-responses": { ...permissive, reasoning: "own", metadataKeys: ["openai", "azure"] },
  anthropic: {
    ...permissive,
    systemMessages: "leading",
    startsWithUser: true,
    endsWithUser: true,
    mergesNeighbours: true,
    reasoning: "own",
    metadataKeys: ["anthropic", "bedrock", "amazonBedrock", "vertex", "googleVertex"],
  },
  google: {
    ...permissive,
    systemMessages: "leading",
    startsWithUser: true,
    endsWithUser: true,
    mergesNeighbours: true,
    metadataKeys: ["google", "vertex", "googleVertex"],
    keepsSignedEmptyText: true,
  },
  // Chat templates of local servers often allow one system message, in front.
  "openai-compatible": { ...permissive, systemMessages: "single" },
  mistral: {
    ...permissive,
    systemMessages: "leading",
    endsWithUser: true,
    mergesNeighbours: true,
    metadataKeys: ["mistral"],
  },
};
