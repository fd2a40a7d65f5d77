/**
 * The manager of a team: short turns that take a message, update the thread, check the stop rules and ask for the next speaker.
 *
 * Owns: the thread, the run's place in it, what its turns have cost, the strategy's memory, the state of the termination condition. All of it
 * is the actor's state.
 * Does not own: what participants know (each keeps its own history) and whether one more call may be made (RunLedger).
 * Invariants:
 * M1. A run that has started ends with exactly one `run-finished` or `run-failed` event, its last.
 * M2. A run does not end while a speaker's turn is under way.
 * M3. Each participant hears each message of the others exactly once, in the order of the thread.
 * M4. Whatever the team's own code throws (condition, strategy) ends the run as failed; the session goes on.
 * M5. A turn costs what is new: nothing reads the thread from its start.
 * M6. A manager decides by its messages and its state alone, so that a replay decides the same.
 */
import { type EncodedError, encodeError, type JsonValue, TeamError } from "@troupe/core";
import { budgetExceeded } from "../budget/run-ledger.ts";
import { addSpent, toUsageLedger, toUsageSum } from "../budget/spent.ts";
import { asJson } from "../message/as-json.ts";
import { type ChatMessage, completeMessage, type MessageDraft } from "../message/chat-message.ts";
import {
  type CellContext,
  Interject,
  RenameRun,
  type RenameRunPayload,
  type StartRunPayload,
  type StartRunReply,
  type StartTeamPayload,
  StopRun,
  type TurnEnd,
  type TurnReply,
} from "../turn/protocol.ts";
import type { SpeakerSelection, TeamRole } from "../turn/role.ts";
import { cancelledBy, describeDetail, endOf, failedEnd } from "../turn/turn-end.ts";
import {
  type ActiveRun,
  createManagerState,
  type Ending,
  type ManagerState,
  type OpenTurn,
  remember,
} from "./manager-state.ts";
import { turnsLeft } from "./turns-left.ts";
import { finishNested, finishRoot, forward, type ManagerPlace, requestTurn } from "./manager-outbox.ts";

/** One turn of a manager. */
export class Manager {
  readonly #role: TeamRole;
  readonly #place: ManagerPlace;
  readonly #core: CellContext;
  readonly #state: ManagerState;
  /** What the user or the manager said in this turn. */
  readonly #said: ChatMessage[] = [];

  constructor(role: TeamRole, place: ManagerPlace) {
    this.#role = role;
    this.#place = place;
    this.#core = place.core;
    this.#state = readState(place.core);
  }

  // --- start -------------------------------------------------------------------------------------

  async start(payload: StartRunPayload): Promise<StartRunReply> {
    const state = this.#state;
    const known = [...state.recent, ...(state.run === null ? [] : [state.run])].find(
      (run) => run.runId === payload.runId,
    );
    const activeRun = state.run?.runId ?? null;
    if (known !== undefined) return { status: known.taskKey === payload.taskKey ? "attached" : "taken", activeRun };
    if (state.run !== null) return { status: "busy", activeRun };
    await this.#begin(payload);
    return { status: "started", activeRun: payload.runId };
  }

  async #begin(payload: StartRunPayload): Promise<void> {
    this.#place.begin();
    const run = this.#open(payload);
    this.#core.emit("run-started", { runner: this.#role.name, taskKey: run.taskKey }, { path: [] });
    await this.#guard(run, async () => {
      for (const draft of payload.messages) this.#say(draft);
      await this.#goOn(run, { messages: [], events: [] }, true);
    });
  }

  async startTeam(payload: StartTeamPayload): Promise<void> {
    const { runId } = this.#core.run ?? { runId: "" };
    const { tag, wantsEvents, turnsGranted } = payload;
    const parent = { tag, wantsEvents, ...(turnsGranted !== undefined && { turnsGranted }) };
    const run = this.#open({ runId, taskKey: "", parent });
    await this.#guard(run, async () => {
      for (const message of payload.messages) this.#append("", message);
      await this.#goOn(run, { messages: payload.messages, events: [] }, true);
    });
  }

  #open(start: Pick<ActiveRun, "runId" | "taskKey" | "parent">): ActiveRun {
    const run: ActiveRun = {
      runId: start.runId,
      taskKey: start.taskKey,
      startedAt: this.#core.now(),
      ...(start.parent !== undefined && { parent: start.parent }),
      threadStart: this.#core.lists.thread.length,
      turns: 0,
      turnsTaken: 0,
      condition: this.#role.termination?.initial ?? null,
      turnsUnderWay: {},
      isStopping: false,
      interjected: [],
    };
    this.#state.run = run;
    return run;
  }

  // --- outside -----------------------------------------------------------------------------------

  stop(runId: string): void {
    const { run } = this.#state;
    if (run === null || run.runId !== runId) return;
    run.isStopping = true;
    forward(this.#place, this.#role, { run, message: StopRun({ runId }) });
  }

  /** The session was forked: what it was doing goes on as another run. */
  rename(names: RenameRunPayload): void {
    const { run } = this.#state;
    this.#state.recent = this.#state.recent.map((known) =>
      known.runId === names.from ? { ...known, runId: names.to } : known,
    );
    if (run === null || run.runId !== names.from) return;
    run.runId = names.to;
    forward(this.#place, this.#role, { run, message: RenameRun(names) });
  }

  interject(runId: string, drafts: readonly MessageDraft[]): void {
    const { run } = this.#state;
    if (run === null || run.runId !== runId) return;
    const messages = drafts.map((draft) => completeMessage(draft, { id: this.#core.newId(), source: "user" }));
    run.interjected.push(...messages);
    // Shown once, by the root, and heard in every team whose turn is under way.
    if (run.parent === undefined) for (const message of messages) this.#show(message);
    forward(this.#place, this.#role, { run, message: Interject({ runId, messages }) });
  }

  // --- a speaker has answered --------------------------------------------------------------------

  async settled(tag: string, reply: TurnReply): Promise<void> {
    const { run } = this.#state;
    const turn = run?.turnsUnderWay[tag];
    if (run === null || turn === undefined) return;
    delete run.turnsUnderWay[tag];
    this.#bookTurn(run, reply);
    await this.#guard(run, async () => {
      // What a turn that was undone should have heard comes again with the speaker's next one.
      if (reply.isUndone !== true) this.#state.heard[turn.speaker] = turn.heard;
      for (const message of reply.messages) this.#append(turn.speaker, message);
      if (run.parent?.wantsEvents === true) for (const event of reply.events) this.#core.lists.events.append(event);
      for (const message of run.interjected.splice(0)) this.#hear(message);
      const isAgain = await this.#handleEnd(run, turn, reply);
      if (isAgain) return;
      await this.#goOn(run, reply, false);
    });
  }

  #bookTurn(run: ActiveRun, { spent = [], turnsTaken = 0 }: TurnReply): void {
    run.turnsTaken += turnsTaken;
    if (spent.length > 0) run.spent = addSpent(run.spent ?? [], spent);
  }

  /** True when the speaker has been asked again and the team waits for it. */
  async #handleEnd(run: ActiveRun, turn: OpenTurn, reply: TurnReply): Promise<boolean> {
    const { end } = reply;
    switch (end.status) {
      case "ok":
        if (reply.finished !== undefined) {
          run.ending ??= {
            kind: "finished",
            detail: `"${turn.speaker}" has finished the task`,
            output: reply.finished.data,
          };
        }
        return false;
      case "interrupted":
        await this.#ask(run, { speaker: turn.speaker, attempt: turn.attempt, share: 1 });
        return true;
      case "cancelled":
        run.ending ??= cancelled(end);
        return false;
      case "limited":
        run.ending ??= { kind: "budget", detail: end.detail };
        return false;
      case "error":
        return this.#handleError(run, turn, end);
    }
  }

  async #handleError(run: ActiveRun, turn: OpenTurn, end: Extract<TurnEnd, { status: "error" }>): Promise<boolean> {
    const { onError } = this.#role;
    const payload = { speaker: turn.speaker, error: end.error, policy: onError };
    this.#core.emit("speaker-failed", asJson(payload), { path: [...this.#place.path, turn.speaker] });
    if (onError === "retry" && turn.attempt < 2) {
      await this.#ask(run, { speaker: turn.speaker, attempt: turn.attempt + 1, share: 1 });
      return true;
    }
    if (onError === "feed-back") {
      this.#say({ kind: "text", source: turn.speaker, text: `"${turn.speaker}" failed: ${end.error.message}` });
    }
    if (onError === "fail" || onError === "retry")
      run.failure ??= { error: asJson(end.error), agentPath: end.agentPath };
    return false;
  }

  // --- what comes next ---------------------------------------------------------------------------

  async #goOn(run: ActiveRun, news: Pick<TurnReply, "messages" | "events">, isTask: boolean): Promise<void> {
    this.#checkCondition(run, news, isTask);
    if (Object.keys(run.turnsUnderWay).length > 0) return;
    if (run.ending === undefined && run.failure === undefined) await this.#select(run);
    if (Object.keys(run.turnsUnderWay).length === 0) await this.#finish(run);
  }

  #checkCondition(run: ActiveRun, news: Pick<TurnReply, "messages" | "events">, isTask: boolean): void {
    const { termination } = this.#role;
    if (termination === undefined || run.ending !== undefined) return;
    const elapsedMs = this.#core.now() - run.startedAt;
    const delta = {
      isTask,
      messages: [...news.messages, ...this.#said],
      events: news.events,
      usage: toUsageSum(run.spent ?? []),
      elapsedMs,
    };
    const verdict = termination.check(run.condition, delta);
    run.condition = verdict.state;
    if (verdict.reason !== null)
      run.ending = { kind: "condition", condition: termination.name, detail: verdict.reason };
  }

  async #select(run: ActiveRun): Promise<void> {
    if (run.isStopping) {
      run.ending = { kind: "stopped", detail: "The run was stopped after a turn" };
      return;
    }
    if (run.turns >= this.#role.maxTurns) {
      run.ending = { kind: "max-turns", detail: `${run.turns} turns of at most ${this.#role.maxTurns} were taken` };
      return;
    }
    const selected = this.#role.select({
      memory: this.#state.memory,
      turns: run.turns,
      thread: this.#core.lists.thread,
    });
    const selection: SpeakerSelection = selected instanceof Promise ? await selected : selected;
    this.#state.memory = selection.memory;
    if (selection.kind === "stop") {
      run.ending = selection.stop;
      return;
    }
    run.turns += 1;
    // Each of those who speak at once gets its share of what is left.
    for (const [index, speaker] of selection.speakers.entries())
      await this.#ask(run, { speaker, attempt: 1, share: selection.speakers.length - index });
  }

  async #ask(
    run: ActiveRun,
    { speaker, attempt, share }: Pick<OpenTurn, "speaker" | "attempt"> & { readonly share: number },
  ): Promise<void> {
    const role = this.#role.participants.get(speaker);
    if (role === undefined) throw unknownSpeaker(speaker, this.#role);
    const left = turnsLeft(run, this.#place.budget);
    if (left < 1) throw budgetExceeded("turns", this.#place.budget.turns);
    run.turnsTaken += 1;
    const turnsGranted = role.kind === "agent" || !Number.isFinite(left) ? undefined : Math.floor((left - 1) / share);
    const granted = turnsGranted === undefined ? {} : { granted: turnsGranted };
    const { thread } = this.#core.lists;
    const items = await thread.read({ from: this.#state.heard[speaker] ?? 0 });
    const messages = items.filter((item) => item.by !== speaker).map((item) => item.message);
    const tag = `${run.runId}#${run.turns}.${attempt}:${speaker}`;
    const wantsEvents = this.#role.termination?.wantsEvents === true || run.parent?.wantsEvents === true;
    requestTurn(this.#place, { role, speaker, tag, payload: { messages, wantsEvents }, turnsGranted });
    run.turnsUnderWay[tag] = { speaker, attempt, heard: thread.length, ...granted };
  }

  // --- end ---------------------------------------------------------------------------------------

  async #finish(run: ActiveRun): Promise<void> {
    this.#state.run = null;
    const last = await this.#lastMessage(run);
    if (run.parent !== undefined) {
      finishNested(this.#place, run, await this.#nestedReply(run));
      return;
    }
    this.#state.recent = remember(this.#state.recent, run);
    const data = last?.kind === "structured" ? last.data : undefined;
    finishRoot(this.#place, run, { data, usage: toUsageLedger(run.spent ?? []) });
  }

  async #lastMessage(run: ActiveRun): Promise<ChatMessage | undefined> {
    const { thread } = this.#core.lists;
    if (thread.length <= run.threadStart) return undefined;
    const [item] = await thread.read({ from: thread.length - 1 });
    return item?.message;
  }

  /** What the team above hears: everything the participants said in this turn of the team. */
  async #nestedReply(run: ActiveRun): Promise<TurnReply> {
    const items = await this.#core.lists.thread.read({ from: run.threadStart });
    const messages = items.filter((item) => item.by !== "").map((item) => item.message);
    const { events } = this.#core.lists;
    const seen = run.parent?.wantsEvents === true ? await events.read() : [];
    if (seen.length > 0) events.replaceAll([]);
    const { turnsTaken, spent } = run;
    return { end: nestedEnd(run), messages, events: seen, turnsTaken, ...(spent !== undefined && { spent }) };
  }

  /** Ends the run as failed when the team's own code throws, or as limited when the budget does (M4). */
  async #guard(run: ActiveRun, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const end = endOf(error) ?? failedEnd(error, this.#place.path);
      if (end.status === "error") this.#place.noteFault(error);
      if (end.status === "error") run.failure ??= { error: asJson(encodeError(error)), agentPath: this.#place.path };
      else run.ending ??= end.status === "limited" ? { kind: "budget", detail: end.detail } : cancelled(end);
      if (Object.keys(run.turnsUnderWay).length === 0) await this.#finish(run);
    }
  }

  // --- thread ------------------------------------------------------------------------------------

  /** Adds a message of the user or the manager and shows it. */
  #say(draft: MessageDraft): void {
    const message = completeMessage(draft, { id: this.#core.newId(), source: "user" });
    this.#hear(message);
    this.#show(message);
  }

  #hear(message: ChatMessage): void {
    this.#append("", message);
    this.#said.push(message);
  }

  #show(message: ChatMessage): void {
    this.#core.emit("message", asJson({ message }), { path: this.#place.path });
  }

  #append(by: string, message: ChatMessage): void {
    this.#core.lists.thread.append({ by, message });
  }
}

function readState(core: CellContext): ManagerState {
  const { state } = core;
  state.manager ??= asJson(createManagerState());
  // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: a manager's state is written by managers only
  return state.manager as unknown as ManagerState;
}

function cancelled(end: TurnEnd): Ending {
  const detail: JsonValue = "detail" in end ? end.detail : null;
  return { kind: cancelledBy(detail) === "budget" ? "budget" : "cancelled", detail: describeDetail(detail) };
}

function nestedEnd(run: ActiveRun): TurnEnd {
  if (run.failure !== undefined) {
    // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: written by encodeError in this file
    return { status: "error", error: run.failure.error as unknown as EncodedError, agentPath: run.failure.agentPath };
  }
  if (run.ending?.kind === "cancelled") return { status: "cancelled", detail: run.ending.detail };
  if (run.ending?.kind === "budget") return { status: "limited", detail: run.ending.detail };
  return { status: "ok" };
}

function unknownSpeaker(speaker: string, role: TeamRole): TeamError {
  return new TeamError("team.unknown_speaker", `Team "${role.name}" has no participant "${speaker}"`, {
    remedy: `Choose one of ${[...role.participants.keys()].map((name) => `"${name}"`).join(", ")}.`,
  });
}
