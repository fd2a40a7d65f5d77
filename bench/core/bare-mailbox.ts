/**
 * The least that could be called a mailbox: a queue, a microtask, a promise for each answer. No ids, schemas, deadlines, isolation
 * or order between agents: it stands for what the language itself costs.
 */
export class BareMailbox<In, Out> {
  readonly #handle: (message: In) => Out;
  #queue: { readonly message: In; readonly resolve: ((reply: Out) => void) | undefined }[] = [];

  constructor(handle: (message: In) => Out) {
    this.#handle = handle;
  }

  send(message: In): Promise<Out> {
    return new Promise((resolve) => this.#push({ message, resolve }));
  }

  tell(message: In): void {
    this.#push({ message, resolve: undefined });
  }

  #push(entry: { readonly message: In; readonly resolve: ((reply: Out) => void) | undefined }): void {
    if (this.#queue.push(entry) === 1) queueMicrotask(() => this.#drain());
  }

  #drain(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const { message, resolve } of queue) {
      const reply = this.#handle(message);
      resolve?.(reply);
    }
  }
}
