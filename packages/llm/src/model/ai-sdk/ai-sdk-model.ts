/**
 * Any language model of the Vercel AI SDK, by structure: our types name none of theirs, so no version of theirs is required.
 *
 * The parameters are `never` because the three specifications differ in them; only the adapter calls these methods.
 */
export interface AiSdkModel {
  readonly specificationVersion: "v2" | "v3" | "v4";
  readonly provider: string;
  readonly modelId: string;
  doGenerate(options: never): PromiseLike<unknown>;
  doStream(options: never): PromiseLike<unknown>;
}

/** The specification a model follows. */
export type AiSdkVersion = AiSdkModel["specificationVersion"];

/** Whether a value is a language model of the AI SDK that the adapter understands. */
export function isAiSdkModel(value: unknown): value is AiSdkModel {
  return (
    (typeof value === "object" || typeof value === "function") &&
    value !== null &&
    "specificationVersion" in value &&
    (value.specificationVersion === "v2" ||
      value.specificationVersion === "v3" ||
      value.specificationVersion === "v4") &&
    "provider" in value &&
    typeof value.provider === "string" &&
    "modelId" in value &&
    typeof value.modelId === "string" &&
    "doGenerate" in value &&
    typeof value.doGenerate === "function" &&
    "doStream" in value &&
    typeof value.doStream === "function"
  );
}
