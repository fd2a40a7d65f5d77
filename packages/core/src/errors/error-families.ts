import type {
  CodeExecutionErrorCode,
  ConfigErrorCode,
  DeliveryErrorCode,
  ModelErrorCode,
  SerializationErrorCode,
  StateErrorCode,
  StoreErrorCode,
  TeamErrorCode,
  ToolErrorCode,
} from "./error-codes.ts";
import { brandErrorClass, TroupeError } from "./troupe-error.ts";

/** A message did not reach its handler, or its reply the caller. The sender decides what to do. */
export class DeliveryError extends TroupeError<DeliveryErrorCode> {
  static {
    brandErrorClass(this, "DeliveryError");
  }
}

/** The program is set up wrongly. Its author must change it. */
export class ConfigError extends TroupeError<ConfigErrorCode> {
  static {
    brandErrorClass(this, "ConfigError");
  }
}

/** A value does not fit its schema, or is not JSON. Whoever made the value must change it. */
export class SerializationError extends TroupeError<SerializationErrorCode> {
  static {
    brandErrorClass(this, "SerializationError");
  }
}

/** A turn did something that its recorded state or journal does not allow. The author of the agent must act. */
export class StateError extends TroupeError<StateErrorCode> {
  static {
    brandErrorClass(this, "StateError");
  }
}

/** A model call failed. The operator of the model must act, or a retry helps. */
export class ModelError extends TroupeError<ModelErrorCode> {
  static {
    brandErrorClass(this, "ModelError");
  }
}

/** A tool call failed. The model, or the author of the tool, must act. */
export class ToolError extends TroupeError<ToolErrorCode> {
  static {
    brandErrorClass(this, "ToolError");
  }
}

/** A code executor failed or refused. The author of the code, or of the sandbox, must act. */
export class CodeExecutionError extends TroupeError<CodeExecutionErrorCode> {
  static {
    brandErrorClass(this, "CodeExecutionError");
  }
}

/** A team or its run failed. Whoever started the run must act. */
export class TeamError extends TroupeError<TeamErrorCode> {
  static {
    brandErrorClass(this, "TeamError");
  }
}

/** A store refused a write or could not be reached. The operator of the store must act. */
export class StoreError extends TroupeError<StoreErrorCode> {
  static {
    brandErrorClass(this, "StoreError");
  }
}
