/**
 * The world outside the workers: models, people and the things that tools change. It outlives every worker, so what it counts is true.
 *
 * Owns: one book per run, with every request in the order of arrival. Does not own: what a model says; that is the scenario's.
 * Invariants:
 * O1. A request is counted before it is answered, also when the answer is never sent.
 * O2. Equal requests get equal answers, whoever asks.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createSeededRandom, hashSeed, type RandomSource } from "@troupe/core";
import {
  type CountedCall,
  type Heard,
  hear,
  type OutsideReply,
  type OutsideRequest,
  type Said,
} from "./outside-call.ts";

/** The script of all models of a run. */
export type ModelScript = (heard: Heard) => Said;

/** When a request may be answered: `withhold` leaves it open, for a worker that is about to die; a promise says when. */
export type Verdict = "answer" | "withhold" | Promise<void>;

/** Hears of the requests of one process. */
export interface CallListener {
  readonly life: number;
  /** Once it is counted. */
  onCall(call: CountedCall): Verdict;
  /** When an answer is on its way. */
  onAnswered(call: CountedCall): void;
}

const unheard: CallListener = { life: 0, onCall: () => "answer", onAnswered: () => {} };

/** What is known of one run. */
export class OutsideBook {
  readonly calls: CountedCall[] = [];
  readonly #listeners = new Map<string, CallListener>();
  readonly script: ModelScript;
  readonly maxDelayMs: number;
  readonly random: RandomSource;

  constructor(options: BookOptions) {
    this.script = options.script;
    this.maxDelayMs = options.maxDelayMs;
    this.random = createSeededRandom(hashSeed(options.seed));
  }

  /** From now on hears of the process of a lane. */
  listen(lane: string, listener: CallListener): void {
    this.#listeners.set(lane, listener);
  }

  listener(lane: string): CallListener {
    return this.#listeners.get(lane) ?? unheard;
  }

  count(request: OutsideRequest, lane: string): CountedCall {
    const { life } = this.listener(lane);
    const call = { request, serial: this.calls.length + 1, identity: identityOf(request), lane, life };
    this.calls.push(call);
    return call;
  }
}

/** How a run is answered. */
export interface BookOptions {
  readonly script: ModelScript;
  readonly seed: string;
  /** Answers take up to so many milliseconds. */
  readonly maxDelayMs: number;
}

/** An HTTP server on a free loopback port; one book per run. */
export class OutsideServer {
  readonly #books = new Map<string, OutsideBook>();
  readonly #server: Server;
  #url = "";

  constructor() {
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
    this.#server.keepAliveTimeout = 0;
  }

  get url(): string {
    return this.#url;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("the server has no port");
    this.#url = `http://127.0.0.1:${address.port}`;
  }

  open(runId: string, options: BookOptions): OutsideBook {
    const book = new OutsideBook(options);
    this.#books.set(runId, book);
    return book;
  }

  forget(runId: string): void {
    this.#books.delete(runId);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
    const [, runId = "", lane = ""] = (request.url ?? "").split("/").map(decodeURIComponent);
    const book = this.#books.get(runId);
    if (book === undefined) {
      response.writeHead(404).end();
      return;
    }
    // The client of this server is the worker beside it.
    const call = book.count(JSON.parse(Buffer.concat(chunks).toString("utf8")) as OutsideRequest, lane);
    const listener = book.listener(lane);
    const answer = (): void => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(answerTo(book, call)));
      listener.onAnswered(call);
    };
    const verdict = listener.onCall(call);
    if (verdict === "withhold") return;
    if (verdict !== "answer") await verdict;
    const delayMs = Math.floor(book.random.next() * (book.maxDelayMs + 1));
    if (delayMs === 0) answer();
    else setTimeout(answer, delayMs);
  }
}

function answerTo(book: OutsideBook, { request, serial }: CountedCall): OutsideReply {
  switch (request.kind) {
    case "model":
      return { kind: "said", said: book.script(hear(request.agent, request.messages)), serial };
    case "effect":
      return { kind: "effect", value: `${request.tool} done` };
    case "answer":
      return { kind: "answer", answer: answerOf(request.prompt) };
  }
}

/** People say yes to calls, and something short to everything else. */
function answerOf(prompt: string): unknown {
  return prompt.startsWith("May ") ? { approved: true } : `answer to ${prompt.length} characters`;
}

function identityOf(request: OutsideRequest): string {
  switch (request.kind) {
    case "model":
      return createHash("sha256")
        .update(JSON.stringify([request.agent, request.messages]))
        .digest("hex")
        .slice(0, 16);
    case "effect":
      return request.callId;
    case "answer":
      return request.prompt;
  }
}
