import { isPromiseLike, type MaybePromise } from "../async/index.ts";
import { DeliveryError } from "../errors/index.ts";
import type { Message } from "../message/index.ts";
import type { Logger } from "../observe/index.ts";
import {
  dropMessage,
  type Intervention,
  type InterventionHandler,
  type PublishContext,
  type ReplyContext,
  type SendContext,
} from "./intervention-handler.ts";

/** What the chain made of a message. */
export type InterventionResult<T> =
  | { readonly kind: "pass"; readonly value: T }
  | { readonly kind: "drop"; readonly by: string };

type Hook = "onSend" | "onPublish" | "onReply";

/** One hook of one handler, with its message's context applied. */
interface Step<T> {
  readonly handler: InterventionHandler;
  readonly hook: Hook;
  readonly ask: (value: T) => MaybePromise<Intervention<T>>;
}

/**
 * The intervention handlers of a runtime.
 *
 * 1. Each handler sees what the one before it made of the message, once (C15).
 * 2. `undefined` means unchanged, and is warned about once for each handler and hook.
 * 3. After a drop no further handler is asked.
 * 4. Handlers that answer at once keep the chain synchronous: without a promise among the answers, no promise is returned.
 */
export class InterventionChain {
  readonly #handlers: readonly InterventionHandler[];
  readonly #logger: Logger | undefined;
  readonly #warned: Map<InterventionHandler, Set<Hook>> = new Map();

  constructor(handlers: readonly InterventionHandler[], logger?: Logger) {
    this.#handlers = [...handlers];
    this.#logger = logger;
  }

  /** False when the hook can be skipped altogether. */
  has(hook: Hook): boolean {
    return this.#handlers.some((handler) => handler[hook] !== undefined);
  }

  /** @throws What a handler throws. */
  send(message: Message, context: SendContext): MaybePromise<InterventionResult<Message>> {
    const steps = this.#steps("onSend", (handler) => (value: Message) => handler.onSend?.(value, context));
    return this.#run(steps, message);
  }

  /** @throws What a handler throws. */
  publish(message: Message, context: PublishContext): MaybePromise<InterventionResult<Message>> {
    const steps = this.#steps("onPublish", (handler) => (value: Message) => handler.onPublish?.(value, context));
    return this.#run(steps, message);
  }

  /** @throws What a handler throws. */
  reply(reply: unknown, context: ReplyContext): MaybePromise<InterventionResult<unknown>> {
    const steps = this.#steps("onReply", (handler) => (value: unknown) => handler.onReply?.(value, context));
    return this.#run(steps, reply);
  }

  #steps<T>(hook: Hook, bind: (handler: InterventionHandler) => Step<T>["ask"]): readonly Step<T>[] {
    const handlers = this.#handlers.filter((handler) => handler[hook] !== undefined);
    return handlers.map((handler) => ({ handler, hook, ask: bind(handler) }));
  }

  #run<T>(steps: readonly Step<T>[], start: T): MaybePromise<InterventionResult<T>> {
    let value = start;
    for (const [index, step] of steps.entries()) {
      const answer = step.ask(value);
      if (isPromiseLike<Intervention<T>>(answer)) {
        const before = value;
        return this.#later(answer, (settled) => this.#read(step, settled, before), steps.slice(index + 1));
      }
      const result = this.#read(step, answer, value);
      if (result.kind === "drop") return result;
      value = result.value;
    }
    return { kind: "pass", value };
  }

  /** The rest of a chain after a promise. */
  async #later<T>(
    answer: PromiseLike<Intervention<T>>,
    read: (answer: Intervention<T>) => InterventionResult<T>,
    rest: readonly Step<T>[],
  ): Promise<InterventionResult<T>> {
    const result = read(await answer);
    return result.kind === "drop" ? result : await this.#run(rest, result.value);
  }

  #read<T>({ handler, hook }: Step<T>, answer: Intervention<T>, before: T): InterventionResult<T> {
    if (answer === dropMessage) return { kind: "drop", by: nameOf(handler) };
    if (answer !== undefined) return { kind: "pass", value: answer };
    this.#warnOnce(handler, hook);
    return { kind: "pass", value: before };
  }

  #warnOnce(handler: InterventionHandler, hook: Hook): void {
    if (this.#logger === undefined) return;
    const hooks = this.#warned.get(handler) ?? new Set<Hook>();
    if (hooks.has(hook)) return;
    this.#warned.set(handler, hooks.add(hook));
    this.#logger.warn({
      message: `Intervention handler "${nameOf(handler)}" returned undefined from ${hook}: the message goes on unchanged. Return the message.`,
    });
  }
}

function nameOf(handler: InterventionHandler): string {
  if (handler.name !== undefined) return handler.name;
  const { constructor } = handler;
  return constructor === Object ? "unnamed" : constructor.name;
}

/**
 * The error that a hook throws to refuse a message: its sender gets it.
 *
 * @param reason shown to the sender, who may be a model: say what would be allowed.
 */
export function refuseMessage(reason: string): DeliveryError {
  return new DeliveryError("delivery.refused", `The message was refused: ${reason}`, {
    remedy: "Send what the policy of this runtime allows.",
    details: { reason },
  });
}

/** The error of a request that an intervention handler dropped. */
export function droppedError(messageId: string, by: string): DeliveryError {
  return new DeliveryError("delivery.dropped", `Intervention handler "${by}" dropped message "${messageId}"`, {
    remedy: "Ask the owner of the intervention handler; sending the same message again will not help.",
    details: { messageId, by },
  });
}
