import type { RandomSource } from "../../async/index.ts";
import { formatAgentId } from "../../identity/index.ts";
import { freezeJson, type InboxEntry } from "../../store/index.ts";
import type { SimulatedProcess } from "./process.ts";
import { guestCell, Happen, idOf, memberCell, Perform, topicOf } from "./simulated-agent.ts";
import type { SendOptions } from "../../runtime/agent-runtime.ts";
import type { ReferenceModel } from "./reference-model.ts";
import type { Target, Task, TaskFactory } from "./task.ts";
import { hold } from "./violation.ts";

/** What the outside needs of an episode. */
export interface OutsideHost {
  readonly random: RandomSource;
  readonly tasks: TaskFactory;
  readonly model: ReferenceModel;
  /** The process that the outside talks to. */
  readonly current: () => SimulatedProcess;
  /** The run that the next message belongs to; undefined outside runs. */
  readonly nextRun: () => string | undefined;
}

/** A message whose sender has chosen its id. */
interface Named {
  readonly task: Task;
  readonly to: Target;
  readonly kind: "request" | "event";
  readonly runId: string | undefined;
}

/** A message that another process has put into an inbox. */
interface Posted {
  readonly cell: string;
  readonly entry: InboxEntry;
}

/** How many messages with chosen ids are remembered, to be sent again. */
const maxNamed = 30;
/** A process that is no part of the simulation, whose messages come through inboxes. */
const elsewhere = "elsewhere";

/** Everybody who is not an agent: callers, publishers, other processes. Each call says in words what it did. */
export class Outside {
  readonly #host: OutsideHost;
  readonly #aborts: Map<string, { readonly process: SimulatedProcess; readonly controller: AbortController }> =
    new Map();
  readonly #named: Named[] = [];
  readonly #posted: Posted[] = [];
  /** Requests that have not ended, by the process that was asked. */
  readonly #waiting: WeakMap<SimulatedProcess, Set<string>> = new WeakMap();
  #posts = 0;
  #calls = 0;

  constructor(host: OutsideHost) {
    this.#host = host;
  }

  send(): string {
    return this.#sendNew("request", this.#host.random.next() < 0.3);
  }

  tell(): string {
    return this.#sendNew("event", this.#host.random.next() < 0.3);
  }

  publish(): string {
    const { tasks, model } = this.#host;
    const process = this.#host.current();
    const message = { task: tasks.next(), to: tasks.target(), kind: "event", runId: this.#host.nextRun() } as const;
    this.#announce(process, message, false);
    process.runtime.publish(Happen(message.task), topicOf(message.to), runOption(message)).then(
      () => this.#heard(process, () => model.accept(message.task.id)),
      () => {},
    );
    return `publish ${message.task.id} to ${message.to.type}/${message.to.key}`;
  }

  /** Sends a message with a chosen id once more, perhaps elsewhere: it is handled once, and its reply is the same (C10). */
  repeat(): string {
    const message = this.#choose(this.#named);
    if (message === undefined) return "repeat nothing";
    this.#host.model.repeat(message.task.id);
    this.#deliver(this.#host.current(), message, true);
    return `repeat ${message.task.id}`;
  }

  /** Another process puts a message into an inbox, perhaps after the last ones once more: it did not hear that they had arrived. */
  post(): string {
    const { tasks, model, random } = this.#host;
    const process = this.#host.current();
    const message = { task: tasks.next(), to: tasks.target() } as const;
    model.send({ ...message, kind: "event", lane: elsewhere });
    model.accept(message.task.id);
    this.#posts += 1;
    const cell = cellOf(message.to);
    const mail = Object.freeze({
      messageId: `${elsewhere}-${this.#posts}`,
      kind: "event",
      type: "Happen",
      body: freezeJson(message.task, "task"),
      recipient: idOf(message.to),
      hops: 1,
      at: process.clock.now(),
      number: this.#posts,
    } as const);
    const posted: Posted = { cell, entry: { kind: "mail", mail, from: elsewhere } };
    const again = random.next() < 0.3 ? this.#posted.filter((one) => one.cell === cell).slice(-2) : [];
    this.#posted.push(posted);
    const entries = [...again, posted, ...(random.next() < 0.3 ? [posted] : [])].map((one) => one.entry);
    process.world.data.memory.deliver(cell, entries);
    return `post ${message.task.id} to ${cell} with ${entries.length - 1} repeated`;
  }

  abort(): string {
    const id = this.#choose([...this.#aborts.keys()]);
    if (id === undefined) return "abort nothing";
    this.#aborts.get(id)?.controller.abort("aborted");
    return `abort ${id}`;
  }

  /** Answers a question, perhaps from another process, perhaps twice: the second answer is refused (C16). */
  answer(): string {
    const { random } = this.#host;
    const wait = this.#choose(this.#host.current().runtime.waits());
    if (wait === undefined) return "answer nothing";
    const process = this.#host.current();
    const first = process.runtime.respond(wait.id, "yes");
    own(first);
    if (random.next() >= 0.2) return `answer ${wait.name}`;
    // Of two answers at least one is refused, whichever comes first.
    Promise.all([first, process.runtime.respond(wait.id, "again")]).then(
      () => this.#heard(process, () => hold(false, "C16", () => `the wait "${wait.name}" took two answers`)),
      () => {},
    );
    return `answer ${wait.name} twice`;
  }

  /** Requests that a process has not answered. */
  waitingFor(process: SimulatedProcess): ReadonlySet<string> {
    return this.#waiting.get(process) ?? new Set();
  }

  /** Nobody hears of a process that is gone. */
  forget(process: SimulatedProcess): void {
    for (const [id, asked] of this.#aborts) if (asked.process === process) this.#aborts.delete(id);
  }

  #sendNew(kind: Named["kind"], isNamed: boolean): string {
    const { tasks } = this.#host;
    const process = this.#host.current();
    const message = { task: tasks.next(), to: tasks.target(), kind, runId: this.#host.nextRun() };
    this.#announce(process, message, isNamed);
    this.#deliver(process, message, isNamed);
    const { task, to } = message;
    return `${kind} ${task.id} to ${to.type}/${to.key}${isNamed ? " by name" : ""}`;
  }

  /** Messages that one process sends within one run keep their order. */
  #announce(process: SimulatedProcess, message: Named, isNamed: boolean): void {
    this.#host.model.send({ ...message, lane: `run ${message.runId ?? ""} from ${process.generation}` });
    if (!isNamed) return;
    this.#named.push(message);
    if (this.#named.length > maxNamed) this.#named.shift();
  }

  #deliver(process: SimulatedProcess, message: Named, isNamed: boolean): void {
    const options = { ...runOption(message), ...(isNamed && { messageId: `n-${message.task.id}` }) };
    const { task, to } = message;
    const { model } = this.#host;
    if (message.kind === "request") this.#request(process, message, options);
    else {
      process.runtime.tell(Happen(task), idOf(to), options).then(
        () => this.#heard(process, () => model.accept(task.id)),
        () => {},
      );
    }
  }

  #request(process: SimulatedProcess, { task, to }: Named, options: SendOptions): void {
    const { model } = this.#host;
    const controller = new AbortController();
    this.#aborts.set(task.id, { process, controller });
    const waiting = this.#waiting.get(process) ?? new Set();
    this.#calls += 1;
    const call = `${task.id} (call ${this.#calls})`;
    this.#waiting.set(process, waiting.add(call));
    model.open.add(call);
    const ended = (report: () => void): void => {
      waiting.delete(call);
      model.open.delete(call);
      if (this.#aborts.get(task.id)?.controller === controller) this.#aborts.delete(task.id);
      this.#heard(process, report);
    };
    process.runtime.send(Perform(task), idOf(to), { ...options, signal: controller.signal }).then(
      (reply) => ended(() => model.answer(task.id, reply)),
      (error: unknown) => ended(() => model.fail(task.id, error)),
    );
  }

  /** Nobody is left to hear of a dead process. */
  #heard(process: SimulatedProcess, report: () => void): void {
    if (process.store.isDead) return;
    try {
      report();
    } catch (error) {
      process.violation ??= error;
    }
  }

  #choose<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#host.random.next() * items.length)];
  }
}

/** The cell of a target. */
export function cellOf(target: Target): string {
  if (target.type === "solo") return formatAgentId(idOf(target));
  return target.type === "member" ? memberCell : guestCell;
}

/** Calls that may be refused (a wait that was just settled, a runtime that closes): their errors are none of the driver's business. */
export function own(promise: Promise<unknown>): void {
  promise.catch(() => {});
}

/** Every third run lets outcomes of idempotent steps wait for the next commit point (C25). */
function runOption({ runId }: Pick<Named, "runId">): Pick<SendOptions, "run"> {
  if (runId === undefined) return {};
  const durability = Number(runId.slice("run".length)) % 3 === 2 ? "turn" : "step";
  return { run: { runId, path: ["simulation"], durability } };
}
