/** Why a message did not reach a handler, or its reply the caller. */
export const deliveryErrorCodes = [
  "delivery.no_such_agent",
  "delivery.no_handler",
  "delivery.deadlock",
  "delivery.deadline_exceeded",
  "delivery.runtime_closed",
  "delivery.too_many_hops",
  "delivery.mailbox_full",
  "delivery.dropped",
  "delivery.refused",
  "delivery.duplicate_in_flight",
  "delivery.handler_failed",
  "delivery.invalid_message_id",
  "delivery.cancelled",
] as const;

/** Code of a {@link DeliveryError}. */
export type DeliveryErrorCode = (typeof deliveryErrorCodes)[number];

/** What is wrong in the program's set-up: names, options, definitions, keys. */
export const configErrorCodes = [
  "config.invalid_agent_type",
  "config.invalid_topic_type",
  "config.invalid_message_type",
  "config.invalid_id",
  "config.duplicate_agent",
  "config.duplicate_message_type",
  "config.duplicate_subscription",
  "config.unknown_subscription",
  "config.invalid_option",
  "config.invalid_definition",
  "config.invalid_graph",
  "config.invalid_model",
  "config.missing_key",
  "config.missing_package",
  "config.duplicate_name",
  "config.invalid_document",
  "config.unknown_component",
  "config.not_dumpable",
] as const;

/** Code of a {@link ConfigError}. */
export type ConfigErrorCode = (typeof configErrorCodes)[number];

/** Why a value could not cross a boundary: schema, wire or store. */
export const serializationErrorCodes = [
  "serialization.invalid_message",
  "serialization.invalid_reply",
  "serialization.unserializable",
  "serialization.unknown_message_type",
  "serialization.schema_async",
  "serialization.invalid_json",
] as const;

/** Code of a {@link SerializationError}. */
export type SerializationErrorCode = (typeof serializationErrorCodes)[number];

/** What a turn did, or met, that its agent's recorded state does not allow. */
export const stateErrorCodes = [
  "state.too_large",
  "state.unserializable",
  "state.attempt_over",
  "state.ambiguous_step",
  "state.nondeterministic_replay",
  "state.journal_full",
  "state.owner_lost",
  "state.quarantined",
  "state.invalid_list_item",
  "state.read_only",
  "state.newer_version",
  "state.step_cancelled",
  "state.step_unknown",
  "state.step_timeout",
  "state.turn_timeout",
  "state.turn_stalled",
  "state.busy",
] as const;

/** Why a wait did not take an answer, or ended without one. */
export const waitErrorCodes = [
  "wait.already_settled",
  "wait.unknown",
  "wait.invalid_answer",
  "wait.deadline_exceeded",
] as const;

/** Code of a {@link StateError} about a wait. */
export type WaitErrorCode = (typeof waitErrorCodes)[number];

/** Code of a {@link StateError}. */
export type StateErrorCode = (typeof stateErrorCodes)[number] | WaitErrorCode;

/** What a store refused or could not do. */
export const storeErrorCodes = [
  "store.fenced",
  "store.owned",
  "store.conflict",
  "store.unavailable",
  "store.corrupted",
  "store.newer_schema",
  "store.closed",
] as const;

/** Code of a {@link StoreError}. */
export type StoreErrorCode = (typeof storeErrorCodes)[number];

/** Code of a {@link ModelError}; the list is open because the packages above core own it. */
export type ModelErrorCode = `model.${string}`;

/** Code of a {@link ToolError}; the list is open because the packages above core own it. */
export type ToolErrorCode = `tool.${string}`;

/** Code of a {@link CodeExecutionError}; the list is open because the packages above core own it. */
export type CodeExecutionErrorCode = `code.${string}`;

/** Code of a {@link TeamError}; the list is open because the packages above core own it. */
export type TeamErrorCode = `team.${string}` | `run.${string}`;
