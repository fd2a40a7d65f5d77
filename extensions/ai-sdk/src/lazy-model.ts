import { raceSignal } from "@troupe/core";
import type { ChatModel, ModelCapabilities, ModelEvent, ModelRequest, ModelResult } from "@troupe/llm";

/** What is known of a model before it is loaded, and how to load it. */
export interface LazyModelOptions {
  readonly name: string;
  readonly capabilities: ModelCapabilities;
  load(): Promise<ChatModel>;
}

/**
 * A model that loads itself at its first call.
 *
 * 1. Calls that start together load once.
 * 2. An abort ends the wait for a load at once; the load goes on for the others.
 * 3. A load that failed is tried again by the next call: the user may have installed the package or set the key.
 */
export class LazyModel implements ChatModel {
  readonly kind = "chat-model";
  readonly name: string;
  readonly capabilities: ModelCapabilities;
  readonly #load: () => Promise<ChatModel>;
  #loaded: Promise<ChatModel> | undefined;

  constructor(options: LazyModelOptions) {
    this.name = options.name;
    this.capabilities = options.capabilities;
    this.#load = () => options.load();
  }

  async generate(request: ModelRequest): Promise<ModelResult> {
    request.signal?.throwIfAborted();
    const model = await raceSignal(this.#model(), request.signal);
    return model.generate(request);
  }

  async *stream(request: ModelRequest): AsyncGenerator<ModelEvent, void, undefined> {
    request.signal?.throwIfAborted();
    const model = await raceSignal(this.#model(), request.signal);
    yield* model.stream(request);
  }

  async #model(): Promise<ChatModel> {
    const loading = (this.#loaded ??= this.#load());
    try {
      return await loading;
    } catch (error) {
      if (this.#loaded === loading) this.#loaded = undefined;
      throw error;
    }
  }
}
