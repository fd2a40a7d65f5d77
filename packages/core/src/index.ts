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
export { type Clock, linkSignal, raceSignal, systemClock, type TimerHandle } from "./async/index.ts";
