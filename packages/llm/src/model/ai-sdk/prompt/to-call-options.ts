import type { ModelRequest, ResponseFormat, ToolChoice, ToolDeclaration } from "../../chat-model.ts";
import type { AiSdkVersion } from "../ai-sdk-model.ts";
import { isStrictSchema } from "../../../tool/tool-schema.ts";
import { isJsonObject } from "../json-guards.ts";
import type { PromptCache } from "./prompt-cache.ts";
import { type AiSdkPart, toPrompt } from "./to-prompt.ts";

/** What a model's requests are written for. */
export interface PromptForm {
  readonly version: AiSdkVersion;
  readonly cache: PromptCache;
  /** The name under which the provider looks for its options when it holds answers to a schema strictly unless told otherwise. */
  readonly strictKey?: string | undefined;
}

/** A request as call options of the given specification; the history passes the gate here, so no caller can forget it. */
export function toCallOptions(request: ModelRequest, form: PromptForm): AiSdkPart {
  const { version, cache } = form;
  const tools = request.tools ?? [];
  const history = cache.normalize(request.messages);
  return withoutUndefined({
    prompt: toPrompt(history, version, cache),
    tools: tools.length === 0 ? undefined : tools.map((tool) => toTool(tool, version)),
    toolChoice: tools.length === 0 || request.toolChoice === undefined ? undefined : toChoice(request.toolChoice),
    responseFormat: request.responseFormat === undefined ? undefined : toFormat(request.responseFormat),
    temperature: request.temperature,
    topP: request.topP,
    maxOutputTokens: request.maxOutputTokens,
    stopSequences: request.stopSequences === undefined ? undefined : [...request.stopSequences],
    seed: request.seed,
    providerOptions: toOptions(request, form.strictKey),
    headers: request.headers,
    abortSignal: request.signal,
  });
}

function toTool(tool: ToolDeclaration, version: AiSdkVersion): AiSdkPart {
  const { name, description, inputSchema, strict } = tool;
  return {
    type: "function",
    name,
    description,
    inputSchema,
    ...(strict !== undefined && version !== "v2" && { strict }),
  };
}

function toChoice(choice: ToolChoice): AiSdkPart {
  return typeof choice === "string" ? { type: choice } : { type: "tool", toolName: choice.toolName };
}

function toFormat(format: ResponseFormat): AiSdkPart {
  if (format.kind === "text") return { type: "text" };
  return withoutUndefined({ type: "json", schema: format.schema, name: format.name });
}

/**
 * A strict mode refuses schemas with optional members before the model has seen them: for such a schema it is switched off, and the answer is
 * checked as always. What the caller says goes before.
 */
function toOptions({ responseFormat, providerOptions }: ModelRequest, strictKey: string | undefined) {
  const schema = responseFormat?.kind === "json" ? responseFormat.schema : undefined;
  if (strictKey === undefined || schema === undefined || isStrictSchema(schema)) return providerOptions;
  const own = providerOptions?.[strictKey];
  const given = isJsonObject(own) ? own : {};
  return { ...providerOptions, [strictKey]: { strictJsonSchema: false, ...given } };
}

function withoutUndefined(record: AiSdkPart): AiSdkPart {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
