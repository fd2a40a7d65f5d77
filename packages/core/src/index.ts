// Errors.
export {
  assertNever,
  CodeExecutionError,
  ConfigError,
  DeliveryError,
  ModelError,
  SerializationError,
  StateError,
  StoreError,
  TeamError,
  ToolError,
  TroupeError,
} from "./errors/index.ts";

// Time and cancellation.
export {
  type Clock,
  createSystemRandom,
  linkSignal,
  type RandomSource,
  raceSignal,
  systemClock,
  type TimerHandle,
} from "./async/index.ts";
