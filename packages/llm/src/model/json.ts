export type { JsonObject, JsonValue } from "@troupe/core";
