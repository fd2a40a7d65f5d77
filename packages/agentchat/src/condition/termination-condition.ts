import type { JsonValue } from "@troupe/core";
import type { Usage } from "@troupe/llm";
import type { AgentEvent } from "../message/agent-event.ts";
import type { ChatMessage } from "../message/chat-message.ts";

/** What happened since a condition was last asked. */
export interface ConditionDelta {
  /** True for the task of the run: what the user said, not what the team did. */
  readonly isTask: boolean;
  readonly messages: readonly ChatMessage[];
  /** What the speakers did on the way, with their names; empty unless some condition `wantsEvents`. */
  readonly events: readonly (AgentEvent & { readonly source: string })[];
  /** Everything this run has used so far. */
  readonly usage: Usage;
  /** Milliseconds since the run started. */
  readonly elapsedMs: number;
}

/** What a condition says: what it remembers, and why the run is over if it is. */
export interface Verdict {
  readonly state: JsonValue;
  /** A sentence; null while the work goes on. */
  readonly reason: string | null;
}

/**
 * Decides when the work of a team is done. Asked after the task and after each turn.
 *
 * A condition is a pure function over what is new: it keeps nothing in fields. What it must remember it returns as `state` (small JSON),
 * which is saved with the run and handed back next time; every run starts with `initial`.
 */
export abstract class TerminationCondition {
  /** Shown in stop reasons. */
  abstract readonly name: string;
  /** What the condition knows when a run starts. */
  readonly initial: JsonValue = null;
  /** True when messages alone are not enough. */
  readonly wantsEvents: boolean = false;
  /**
   * Milliseconds after the start of a run at which the condition is over whatever happens: a turn that is stuck then is aborted. Holds for the
   * condition of what is run; one of an inner team is looked at between turns. Undefined: only turns decide.
   */
  readonly deadlineMs: number | undefined = undefined;

  /** Must not throw and must not look at anything but its arguments: a resumed run asks again. */
  abstract check(state: JsonValue, delta: ConditionDelta): Verdict;

  /** Over when both have been: also at different times. */
  and(other: TerminationCondition): TerminationCondition {
    return new AllOf([this, other]);
  }

  /** Over when one of them is. */
  or(other: TerminationCondition): TerminationCondition {
    return new AnyOf([this, other]);
  }

  /** Over at the first look, after the task or a turn, at which this one is not. */
  not(): TerminationCondition {
    return new NotYet(this);
  }
}

/** One child's part in a combination. `reason` stays once it is set: a child that has fired is not asked again. */
interface Part {
  readonly state: JsonValue;
  readonly reason: string | null;
}

/** Several conditions that look at the same news; what their verdicts amount to is the subclass's business. */
export abstract class Combination extends TerminationCondition {
  readonly name: string;
  readonly children: readonly TerminationCondition[];
  override readonly initial: JsonValue;
  override readonly wantsEvents: boolean;

  constructor(children: readonly TerminationCondition[], word: "and" | "or") {
    super();
    this.children = children;
    this.name = `(${children.map((child) => child.name).join(` ${word} `)})`;
    this.initial = children.map((child) => ({ state: child.initial, reason: null }));
    this.wantsEvents = children.some((child) => child.wantsEvents);
  }
}

/** What `and` makes. */
export class AllOf extends Combination {
  override readonly deadlineMs: number | undefined;

  constructor(children: readonly TerminationCondition[]) {
    super(children, "and");
    const deadlines = deadlinesOf(children);
    this.deadlineMs = deadlines.length === children.length ? Math.max(...deadlines) : undefined;
  }

  check(state: JsonValue, delta: ConditionDelta): Verdict {
    const parts = this.children.map((child, index) => {
      const part = partAt(state, index);
      return part.reason === null ? child.check(part.state, delta) : part;
    });
    const reasons = parts.map((part) => part.reason).filter((reason) => reason !== null);
    return { state: parts.map(toJson), reason: reasons.length === parts.length ? reasons.join("; ") : null };
  }
}

/** What `or` makes. */
export class AnyOf extends Combination {
  override readonly deadlineMs: number | undefined;

  constructor(children: readonly TerminationCondition[]) {
    super(children, "or");
    const deadlines = deadlinesOf(children);
    this.deadlineMs = deadlines.length > 0 ? Math.min(...deadlines) : undefined;
  }

  check(state: JsonValue, delta: ConditionDelta): Verdict {
    const parts = this.children.map((child, index) => child.check(partAt(state, index).state, delta));
    const reasons = parts.map((part) => part.reason).filter((reason) => reason !== null);
    return { state: parts.map(toJson), reason: reasons.length > 0 ? reasons.join("; ") : null };
  }
}

function deadlinesOf(children: readonly TerminationCondition[]): readonly number[] {
  return children.map((child) => child.deadlineMs).filter((deadline) => deadline !== undefined);
}

/** What `not` makes. */
export class NotYet extends TerminationCondition {
  readonly name: string;
  readonly inner: TerminationCondition;
  override readonly initial: JsonValue;
  override readonly wantsEvents: boolean;

  constructor(inner: TerminationCondition) {
    super();
    this.inner = inner;
    this.name = `not ${inner.name}`;
    this.initial = inner.initial;
    this.wantsEvents = inner.wantsEvents;
  }

  check(state: JsonValue, delta: ConditionDelta): Verdict {
    const { state: next, reason } = this.inner.check(state, delta);
    return { state: next, reason: reason === null ? `${this.inner.name} did not apply` : null };
  }
}

function toJson({ state, reason }: Part): JsonValue {
  return { state, reason };
}

/** A part of a saved state, whatever it has become: a child of another shape starts anew. */
function partAt(state: JsonValue, index: number): Part {
  const part: unknown = Array.isArray(state) ? state[index] : undefined;
  if (!isPart(part)) return { state: null, reason: null };
  return part;
}

function isPart(value: unknown): value is Part {
  if (typeof value !== "object" || value === null || !("state" in value) || !("reason" in value)) return false;
  return value.reason === null || typeof value.reason === "string";
}
