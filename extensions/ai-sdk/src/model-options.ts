import type { SecretReference } from "@troupe/core";
import type { DeadlineOptions, ModelCapabilities, ModelRequest, RetryOptions } from "@troupe/llm";

/** Settings of every call that does not say otherwise. */
export type ModelDefaults = Pick<
  ModelRequest,
  "temperature" | "topP" | "maxOutputTokens" | "stopSequences" | "seed" | "providerOptions"
>;

/** How a named model is reached. Everything is optional: keys come from the environment. */
export interface ModelOptions {
  /** Where the API lives, version path included (`https://host/v1`); required for `openai-compatible`. */
  readonly baseUrl?: string | undefined;
  /** The key, or the variable it is in: `{ $env: "MY_KEY" }`. Default: the provider's variable. Variables are read when the model is first used. */
  readonly apiKey?: string | SecretReference | undefined;
  /** Extra HTTP headers of every call. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Replaces the global `fetch`: proxies, TLS options, recording. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** `firstByteMs` 120,000, `idleMs` 60,000 and `totalMs` 600,000 unless given. */
  readonly timeouts?: DeadlineOptions | undefined;
  /** What `retryMiddleware` takes; `false` switches retries off. */
  readonly retry?: RetryOptions | false | undefined;
  /** Laid over what is known of the model: windows and abilities of local and fine-tuned models. */
  readonly capabilities?: Partial<ModelCapabilities> | undefined;
  /** Settings of every call that does not say otherwise. */
  readonly defaults?: ModelDefaults | undefined;
  /** Which API of OpenAI and Azure to speak; default `responses`. */
  readonly api?: "responses" | "chat" | undefined;
  /** Settings that only one provider knows, passed to its package as they are (`resourceName`, `region`, `organization`, `apiVersion`). */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** Where keys are looked up; default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** The folder whose `node_modules` hold the provider packages; default the working directory. */
  readonly projectFolder?: string | undefined;
}
