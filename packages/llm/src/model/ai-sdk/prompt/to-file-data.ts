import type { AiSdkVersion } from "../ai-sdk-model.ts";

const absoluteUrl = /^[a-z][a-z0-9+.-]*:/i;
const dataUrl = /^data:[^,]*;base64,/i;

/** Base64 text or an absolute URL as file data of the given specification: bare in v2 and v3, tagged in v4. */
export function toFileData(data: string, version: AiSdkVersion): unknown {
  const inline = inlineBase64(data);
  if (inline !== undefined) return version === "v4" ? { type: "data", data: inline } : inline;
  const url = new URL(data);
  return version === "v4" ? { type: "url", url } : url;
}

/** The base64 text when the data is inline, `undefined` when it is a URL to fetch. */
export function inlineBase64(data: string): string | undefined {
  if (dataUrl.test(data)) return data.replace(dataUrl, "");
  return absoluteUrl.test(data) && URL.canParse(data) ? undefined : data;
}
