import { ConfigError } from "../errors/index.ts";
import { hasOnlyNameCharacters } from "./name-characters.ts";

/**
 * The address of one agent: which definition (`type`), which instance (`key`).
 *
 * `Handles` names the message types that the agent answers, so that a wrong request does not compile; it exists in types only.
 */
export interface AgentId<Handles extends string = string> {
  readonly type: string;
  readonly key: string;
  /** Never set: carries `Handles` for the compiler. */
  readonly "~handles"?: (name: Handles) => void;
}

/** The address of any agent, whatever it handles: what functions take that do not send. */
export type AnyAgentId = AgentId<never>;

/** Forgets which messages an agent handles. */
export function toAgentId(id: AnyAgentId): AgentId {
  // oxlint-disable-next-line typescript/consistent-type-assertions -- `~handles` exists in types only: every address is one of these
  return id as AgentId;
}

const punctuation = "-.";

/** True for a type name: one or more letters and digits of any script, `_`, `-` or `.`. */
export function isAgentType(type: string): boolean {
  return hasOnlyNameCharacters(type, punctuation);
}

/** @throws ConfigError `config.invalid_agent_type` unless `isAgentType(type)`. */
export function assertAgentType(type: string): void {
  if (isAgentType(type)) return;
  throw new ConfigError("config.invalid_agent_type", `${JSON.stringify(type)} is not an agent type`, {
    remedy:
      'Use one or more letters and digits of any script, "_", "-" or ".": the part before the first "/" of "type/key".',
    details: { type: String(type) },
  });
}

/**
 * Makes the address of an agent. The key is any text, also empty and with slashes.
 *
 * @throws ConfigError `config.invalid_agent_type`.
 */
export function agentId(type: string, key: string): AgentId {
  assertAgentType(type);
  return Object.freeze({ type, key });
}

/** The text form, `type/key`: unique, because a type holds no slash. */
export function formatAgentId(id: AnyAgentId): string {
  return `${id.type}/${id.key}`;
}

/**
 * Reads `type/key`, split at the first slash.
 *
 * @throws ConfigError `config.invalid_id` without a slash, `config.invalid_agent_type` for a bad type.
 */
export function parseAgentId(text: string): AgentId {
  const slash = text.indexOf("/");
  if (slash >= 0) return agentId(text.slice(0, slash), text.slice(slash + 1));
  throw new ConfigError("config.invalid_id", `"${text}" is not an agent id`, {
    remedy: 'Write it as "type/key"; the key may be empty.',
    details: { id: text },
  });
}

/** True when both name the same agent; two absent ids are the same. */
export function sameAgent(left: AnyAgentId | undefined, right: AnyAgentId | undefined): boolean {
  return (
    left === right || (left !== undefined && right !== undefined && left.type === right.type && left.key === right.key)
  );
}
