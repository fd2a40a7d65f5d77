import type { JsonValue } from "../errors/index.ts";

/**
 * What a run hands down to everything it starts: carried by every envelope, copied to every message that a turn sends.
 * `path` names who works inside the run, outermost first; a recipient's path is set with the `path` option of a request.
 */
export interface RunContext {
  readonly runId: string;
  readonly path: readonly string[];
  /** Values of the layer above (budget grants, tenant ids); JSON, small, never interpreted by core. */
  readonly inherited?: JsonValue;
  /**
   * When outcomes of idempotent steps reach a durable store (C25): `step`, the default, at once; `turn`, with the turn's next
   * commit point. Claims of other steps never wait.
   */
  readonly durability?: "step" | "turn";
}
