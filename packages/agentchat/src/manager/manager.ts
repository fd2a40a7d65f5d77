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
import { encodeError, type JsonValue } from "@troupe/core";
import { budgetExceeded } from "../budget/run-ledger.ts";
import { addSpent, toUsageLedger, toUsageSum } from "../budget/spent.ts";
import { findMessageCycle } from "../guard/message-cycle.ts";
import { asJson } from "../message/as-json.ts";
import { completeMessage, type MessageDraft } from "../message/chat-message.ts";
import {
  type CellContext,
  type ChangeMembersPayload,
  type ChangeMembersReply,
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
import { adviserName, memberOf, type SelectionNews, type SpeakerSelection, type TeamRole } from "../turn/role.ts";
import { endByError } from "../turn/turn-end.ts";
import { type ActiveRun, createManagerState, type ManagerState, type OpenTurn, remember } from "./manager-state.ts";
import { unknownSpeaker, waitsForNobody } from "./selection-errors.ts";
import { turnsLeft } from "./turns-left.ts";
import { changeMembers, presentMembers } from "./members.ts";
import { finishNested, finishRoot, forward, type ManagerPlace, requestTurn } from "./manager-outbox.ts";
import { ManagerThread } from "./manager-thread.ts";
import { cancelled, limited } from "./nested-end.ts";

/** One turn of a manager. */
export class Manager {
  readonly #role: TeamRole;
  readonly #place: ManagerPlace;
  readonly #core: CellContext;
  readonly #state: ManagerState;
  readonly #thread: ManagerThread;

  constructor(role: TeamRole, place: ManagerPlace) {
    this.#role = role;
    this.#place = place;
    this.#core = place.core;
    this.#thread = new ManagerThread(place);
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
      for (const draft of payload.messages) this.#thread.say(draft);
      await this.#goOn(run, { kind: "task", messages: [...this.#thread.said] }, []);
    });
  }

  async startTeam(payload: StartTeamPayload): Promise<void> {
    const { runId } = this.#core.run ?? { runId: "" };
    const { tag, wantsEvents, turnsGranted } = payload;
    if (payload.forgets === true) this.#forgetAll();
    const parent = { tag, wantsEvents, ...(turnsGranted !== undefined && { turnsGranted }) };
    const run = this.#open({ runId, taskKey: "", parent });
    await this.#guard(run, async () => {
      for (const message of payload.messages) this.#thread.append("", message);
      await this.#goOn(run, { kind: "task", messages: payload.messages }, []);
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

  /** The team starts anew, and so does everybody in it. */
  #forgetAll(): void {
    this.#state.memory = null;
    this.#core.lists.thread.replaceAll([]);
    this.#restart();
    if (this.#role.adviser !== undefined) delete this.#state.heard[adviserName(this.#role.adviser)];
  }

  /** Participants forget what they know; what is said from here on is the first that they hear. */
  #restart(): void {
    const names = [...this.#role.participants.keys()];
    for (const name of names) this.#state.heard[name] = this.#thread.length;
    this.#state.forgets = names;
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
    if (run.parent === undefined) for (const message of messages) this.#thread.show(message);
    forward(this.#place, this.#role, { run, message: Interject({ runId, messages }) });
  }

  /** Who takes part, from the next choice of a speaker on. A speaker that goes still ends its turn. */
  changeMembers(payload: ChangeMembersPayload): ChangeMembersReply {
    const reply = changeMembers(this.#role, this.#state, payload);
    if (reply.status !== "changed" || this.#state.run === null) return reply;
    this.#core.emit("members-changed", asJson({ ...payload, members: reply.members }), { path: this.#place.path });
    return reply;
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
      else if (turn.forgets === true) this.#state.forgets = [...(this.#state.forgets ?? []), turn.speaker];
      if (reply.restarts === true) this.#restart();
      if (reply.hasProgressed === true) run.newsAt = this.#thread.length;
      for (const message of reply.messages) this.#thread.append(turn.speaker, message);
      if (run.parent?.wantsEvents === true) for (const event of reply.events) this.#core.lists.events.append(event);
      for (const message of run.interjected.splice(0)) this.#thread.hear(message);
      const isAgain = await this.#handleEnd(run, turn, reply);
      if (!isAgain) await this.#goOn(run, toNews(turn, reply), reply.events);
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
        await this.#ask(run, { speaker: turn.speaker, attempt: turn.attempt, share: 1, question: turn.question });
        return true;
      case "cancelled":
        run.ending ??= cancelled(end);
        return false;
      case "limited":
        run.ending ??= limited(end);
        return false;
      case "error":
        return this.#handleError(run, turn, end);
    }
  }

  async #handleError(run: ActiveRun, turn: OpenTurn, end: Extract<TurnEnd, { status: "error" }>): Promise<boolean> {
    // Nobody else can do what the team's own adviser does.
    const onError = turn.question === undefined ? this.#role.onError : "fail";
    const payload = { speaker: turn.speaker, error: end.error, policy: onError };
    this.#core.emit("speaker-failed", asJson(payload), { path: [...this.#place.path, turn.speaker] });
    if (onError === "retry" && turn.attempt < 2) {
      await this.#ask(run, { speaker: turn.speaker, attempt: turn.attempt + 1, share: 1 });
      return true;
    }
    if (onError === "feed-back") {
      this.#thread.say({ kind: "text", source: turn.speaker, text: `"${turn.speaker}" failed: ${end.error.message}` });
    }
    if (onError === "fail" || onError === "retry")
      run.failure ??= { error: asJson(end.error), agentPath: end.agentPath };
    return false;
  }

  // --- what comes next ---------------------------------------------------------------------------

  async #goOn(run: ActiveRun, news: SelectionNews, events: TurnReply["events"]): Promise<void> {
    const { memory } = this.#state;
    this.#state.memory = this.#role.observe?.(memory, news) ?? memory;
    this.#checkCondition(run, news, events);
    if (run.ending === undefined && news.kind !== "task") await this.#checkLoop(run);
    const isWorking = Object.keys(run.turnsUnderWay).length > 0;
    if (isWorking && this.#role.schedulesEach !== true) return;
    if (run.ending === undefined && run.failure === undefined) await this.#select(run, news);
    if (Object.keys(run.turnsUnderWay).length === 0) await this.#finish(run);
  }

  #checkCondition(run: ActiveRun, news: SelectionNews, events: TurnReply["events"]): void {
    const { termination } = this.#role;
    if (termination === undefined || run.ending !== undefined) return;
    const isTask = news.kind === "task";
    const delta = {
      isTask,
      messages: isTask ? news.messages : [...news.messages, ...this.#thread.said],
      events,
      usage: toUsageSum(run.spent ?? []),
      elapsedMs: this.#core.now() - run.startedAt,
    };
    const verdict = termination.check(run.condition, delta);
    run.condition = verdict.state;
    if (verdict.reason !== null)
      run.ending = { kind: "condition", condition: termination.name, detail: verdict.reason };
  }

  async #checkLoop(run: ActiveRun): Promise<void> {
    const from = Math.max(run.threadStart, run.newsAt ?? 0);
    const cycle = await findMessageCycle(this.#core.lists.thread, from, this.#place.loops);
    if (cycle !== undefined) run.ending = { kind: "loop", detail: cycle };
  }

  async #select(run: ActiveRun, news: SelectionNews): Promise<void> {
    if (run.isStopping) {
      run.ending = { kind: "stopped", detail: "The run was stopped after a turn" };
      return;
    }
    const isLastCall = run.turns >= this.#role.maxTurns;
    const used = {
      kind: "max-turns",
      detail: `${run.turns} turns of at most ${this.#role.maxTurns} were taken`,
    } as const;
    if (isLastCall && this.#role.concludes !== true) {
      run.ending = used;
      return;
    }
    const selected = this.#role.select({
      memory: this.#state.memory,
      turns: run.turns,
      isLastCall,
      news,
      speakers: presentMembers(this.#role, this.#state),
      working: Object.values(run.turnsUnderWay).map((turn) => turn.speaker),
      thread: this.#core.lists.thread,
      step: (name, work) => this.#core.step(name, work, { idempotent: true }),
    });
    const selection: SpeakerSelection = selected instanceof Promise ? await selected : selected;
    this.#state.memory = selection.memory;
    if (selection.kind === "stop") run.ending = selection.stop;
    else if (selection.kind === "speak" && isLastCall) run.ending = used;
    else await this.#proceed(run, selection);
  }

  async #proceed(run: ActiveRun, selection: Exclude<SpeakerSelection, { readonly kind: "stop" }>): Promise<void> {
    switch (selection.kind) {
      case "wait":
        if (Object.keys(run.turnsUnderWay).length === 0) throw waitsForNobody(this.#role);
        return;
      case "consult":
        await this.#ask(run, {
          speaker: adviserPlace(this.#role),
          attempt: 1,
          share: 1,
          question: selection.question,
        });
        return;
      case "speak":
        run.turns += 1;
        if (this.#role.emitsTeamEvents === true || selection.by !== undefined) {
          const { by = "order" } = selection;
          this.#core.emit("speaker-selected", { speakers: [...selection.speakers], by }, { path: this.#place.path });
        }
        // Each of those who speak at once gets its share of what is left.
        for (const [index, speaker] of selection.speakers.entries())
          await this.#ask(run, { speaker, attempt: 1, share: selection.speakers.length - index });
        return;
    }
  }

  async #ask(run: ActiveRun, { speaker, attempt, share, question }: Asking): Promise<void> {
    const role = memberOf(this.#role, speaker);
    if (role === undefined) throw unknownSpeaker(speaker, this.#role);
    const turnsGranted = question === undefined ? this.#grantTurns(run, role.kind, share) : undefined;
    const { heard, forgets = [] } = this.#state;
    const isFresh = forgets.includes(speaker);
    if (isFresh) this.#state.forgets = forgets.filter((name) => name !== speaker);
    const noted = { ...(isFresh && { forgets: true as const }), ...(question !== undefined && { question }) };
    const messages = await this.#thread.unheard(speaker, heard[speaker] ?? 0);
    const tag = `${run.runId}#${run.turns}.${attempt}:${speaker}`;
    const wantsEvents = this.#role.termination?.wantsEvents === true || run.parent?.wantsEvents === true;
    requestTurn(this.#place, { role, speaker, tag, payload: { messages, wantsEvents, ...noted }, turnsGranted });
    const granted = turnsGranted === undefined ? {} : { granted: turnsGranted };
    run.turnsUnderWay[tag] = { speaker, attempt, heard: this.#thread.length, ...granted, ...noted };
  }

  /** Takes one turn off what is left; a nested team gets its share of the rest. The adviser's words are no turns. */
  #grantTurns(run: ActiveRun, kind: "agent" | "team", share: number): number | undefined {
    const left = turnsLeft(run, this.#place.budget);
    if (left < 1) throw budgetExceeded("turns", this.#place.budget.turns);
    run.turnsTaken += 1;
    return kind === "agent" || !Number.isFinite(left) ? undefined : Math.floor((left - 1) / share);
  }

  // --- end ---------------------------------------------------------------------------------------

  async #finish(run: ActiveRun): Promise<void> {
    this.#state.run = null;
    const last = await this.#thread.last(run);
    if (run.parent !== undefined) {
      finishNested(this.#place, run, await this.#thread.toReply(run, this.#role));
      return;
    }
    this.#state.recent = remember(this.#state.recent, run);
    const data = last?.kind === "structured" ? last.data : undefined;
    finishRoot(this.#place, run, { data, usage: toUsageLedger(run.spent ?? []) });
  }

  /** Ends the run as failed when the team's own code throws, or as limited when the budget does (M4). */
  async #guard(run: ActiveRun, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const end = endByError(error, this.#place.path);
      if (end.status === "error") this.#place.noteFault(error);
      if (end.status === "error") run.failure ??= { error: asJson(encodeError(error)), agentPath: this.#place.path };
      else run.ending ??= end.status === "limited" ? limited(end) : cancelled(end);
      if (Object.keys(run.turnsUnderWay).length === 0) await this.#finish(run);
    }
  }
}

/** A turn to be asked for; `share`: among how many the turns that are left are to be shared. */
interface Asking extends Pick<OpenTurn, "speaker" | "attempt"> {
  readonly share: number;
  readonly question?: JsonValue | undefined;
}

function toNews(turn: OpenTurn, { messages, end, advice = null }: TurnReply): SelectionNews {
  if (turn.question !== undefined) return { kind: "advised", advice, messages };
  return { kind: "answered", speaker: turn.speaker, messages, isOk: end.status === "ok" };
}

function adviserPlace({ adviser, name }: TeamRole): string {
  if (adviser === undefined) throw new Error(`team "${name}" has no adviser to consult`);
  return adviserName(adviser);
}

function readState(core: CellContext): ManagerState {
  const { state } = core;
  state.manager ??= asJson(createManagerState());
  // oxlint-disable-next-line typescript/consistent-type-assertions -- parser: a manager's state is written by managers only
  return state.manager as unknown as ManagerState;
}
