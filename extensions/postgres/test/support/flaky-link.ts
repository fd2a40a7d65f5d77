// A network between a store and its server that loses answers, falls silent and breaks, as it is told.
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A loopback port that leads to the server. */
export class FlakyLink {
  readonly #server: Server;
  readonly #target: number;
  readonly #clients = new Set<Socket>();
  #swallow: { readonly marker: string; readonly swallowed: () => void } | undefined;
  #silence: (() => void) | undefined;
  #isDown = false;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((client) => this.#join(client));
  }

  static async open(target: number): Promise<FlakyLink> {
    const link = new FlakyLink(target);
    link.#server.listen(0, "127.0.0.1");
    await once(link.#server, "listening");
    return link;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the link is closed");
    return address.port;
  }

  /** Cuts the connection that next sends text with this marker once the server has answered, and keeps the answer. Resolves then. */
  swallowAnswerTo(marker: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#swallow = { marker, swallowed: resolve };
    return promise;
  }

  /**
   * The connection that is used next stands, but nothing passes it any more, as when a cable was pulled: then and for ever. Resolves
   * when something was said in vain.
   */
  silenceNext(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#silence = resolve;
    return promise;
  }

  /** Cuts all connections, and refuses new ones until `restore`. */
  cut(): void {
    this.#isDown = true;
    this.#dropAll();
  }

  restore(): void {
    this.#isDown = false;
  }

  async close(): Promise<void> {
    this.#dropAll();
    this.#server.close();
    await once(this.#server, "close");
  }

  #dropAll(): void {
    for (const client of this.#clients) client.destroy();
  }

  #join(client: Socket): void {
    if (this.#isDown) {
      client.destroy();
      return;
    }
    const upstream = connect(this.#target, "127.0.0.1");
    let swallowing: (() => void) | undefined;
    let isMuted = false;
    this.#clients.add(client);
    client.on("data", (chunk) => {
      if (this.#silence !== undefined) {
        isMuted = true;
        this.#silence();
        this.#silence = undefined;
      }
      if (isMuted) return;
      if (this.#swallow !== undefined && chunk.includes(this.#swallow.marker)) {
        swallowing = this.#swallow.swallowed;
        this.#swallow = undefined;
      }
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      if (isMuted) return;
      if (swallowing === undefined) {
        client.write(chunk);
      } else if (isEndOfAnswer(chunk)) {
        swallowing();
        client.destroy();
      }
    });
    const end = (): void => {
      client.destroy();
      upstream.destroy();
      this.#clients.delete(client);
    };
    for (const socket of [client, upstream]) socket.on("error", end).on("close", end);
  }
}

/** `ReadyForQuery`: the server has committed and waits. https://www.postgresql.org/docs/current/protocol-message-formats.html */
function isEndOfAnswer(chunk: Buffer): boolean {
  return chunk.length >= 6 && chunk.at(-6) === 0x5a && chunk.readInt32BE(chunk.length - 5) === 5;
}
