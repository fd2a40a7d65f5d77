import { type AgentContext, type AgentDefinition, defineAgent, type StepContext } from "../../agent/index.ts";
import { agentId, type AgentId, type TopicId, topicId } from "../../identity/index.ts";
import { defineEvent, defineRequest, type EventType, type RequestType } from "../../message/index.ts";
import { typeSubscription } from "../../subscription/index.ts";
import { schemaOf, textSchema } from "../runtime-contract/fixtures.ts";
import { type Action, forkOf, inFork, keyInFork, plannedError, type Target, type Task } from "./task.ts";

const taskSchema = schemaOf<Task>(
  (value): value is Task => typeof value === "object" && value !== null && "plan" in value,
  "a task",
);

/** A request for the agents of a simulation. */
export const Perform: RequestType<"Perform", Task, Task, string, string> = defineRequest(
  "Perform",
  taskSchema,
  textSchema,
);
/** An event for them. */
export const Happen: EventType<"Happen", Task, Task> = defineEvent("Happen", taskSchema);

/** The topic that reaches one target alone: each task is performed once. */
export function topicOf(target: Target): TopicId {
  return topicId(`${target.type}-work`, target.key);
}

/** The cell that all members share. */
export const memberCell = "session";
/** The cell that all guests share. */
export const guestCell = "room";

type State = { count: number };
type Lists = { entries: typeof textSchema; settled: typeof textSchema };
type Context = AgentContext<State, Lists>;

/** A step as a plan has it. */
export type StepAction = Extract<Action, { readonly kind: "step" }>;

/** What an agent does besides what its plans say. */
export interface SimulatedWork {
  /** Called when a task begins; what it returns is called when the task has ended. */
  readonly begin: (agent: AgentId, task: Task, signal: AbortSignal) => () => void;
  /** The effect of a step; `fork` tells the agents of a fork apart. */
  readonly run: (action: StepAction, step: StepContext, fork: string) => Promise<void>;
}

/** The agents of a type: they perform the plans that they are sent, and write down what they have performed. */
export function createSimulatedAgent(type: Target["type"], work: SimulatedWork): AgentDefinition<"Perform" | "Happen"> {
  const perform = async (task: Task, context: Context): Promise<void> => {
    const end = work.begin(context.id, task, context.signal);
    try {
      context.emit("started", task.id);
      const fork = forkOf(context.id.key) === "" ? forkOf(task.id) : forkOf(context.id.key);
      for (const action of task.plan) await act({ action, fork, work }, context);
      context.state.count += 1;
      context.lists.entries.append(task.id);
      context.emit("performed", task.id);
    } finally {
      end();
    }
  };
  return defineAgent({
    type,
    state: (): State => ({ count: 0 }),
    lists: { entries: textSchema, settled: textSchema },
    ...(type === "member" && { cell: (key: string) => `${memberCell}${forkOf(key)}` }),
    ...(type === "guest" && { cell: () => guestCell }),
    handlers: (on) => [
      on.request(Perform, async (task, context) => {
        await perform(task, context);
        return task.id;
      }),
      on.event(Happen, perform),
      on.settled(Perform, (settlement, context) => {
        context.lists.settled.append(settlement.tag);
      }),
    ],
    subscriptions: [typeSubscription(`${type}-work`)],
  });
}

interface Acting<Kind extends Action = Action> {
  readonly action: Kind;
  readonly fork: string;
  readonly work: SimulatedWork;
}

async function act({ action, fork, work }: Acting, context: Context): Promise<void> {
  switch (action.kind) {
    case "step":
      await context.stepOutcome(action.name, (step) => work.run(action, step, forkOf(context.id.key)), {
        idempotent: action.isIdempotent,
      });
      return;
    case "send":
      // A failed request is none of this handler's business; one whose attempt is over ends it by itself.
      await context.send(Perform(inFork(action.task, fork)), idOf(action.to, fork)).catch(() => {});
      return;
    case "request": {
      const task = inFork(action.task, fork);
      context.request(Perform(task), idOf(action.to, fork), { tag: task.id });
      return;
    }
    case "tell":
      context.tell(Happen(inFork(action.task, fork)), idOf(action.to, fork));
      return;
    case "publish":
      context.publish(Happen(inFork(action.task, fork)), topicOf(withFork(action.to, fork)));
      return;
    case "wait":
      await context.waitFor(action.name, textSchema).catch(() => {});
      return;
    case "sleep":
      await context.sleep(action.durationMs).catch(() => {});
      return;
    case "parallel":
      await actInParallel({ action, fork, work }, context);
      return;
    case "throw":
      throw new Error(plannedError);
  }
}

async function actInParallel(
  { action, fork, work }: Acting<Extract<Action, { readonly kind: "parallel" }>>,
  context: Context,
): Promise<void> {
  const branches = action.branches.map((plan, index) =>
    context.branch(`${action.name}.${index}`, async (branch) => {
      for (const inner of plan) await act({ action: inner, fork, work }, branch);
    }),
  );
  await Promise.all(branches);
}

/** The address of a target; members of a fork have their own. */
export function idOf(target: Target, fork = ""): AgentId {
  const { type, key } = withFork(target, fork);
  return agentId(type, key);
}

function withFork(target: Target, fork: string): Target {
  return { type: target.type, key: keyInFork(target.key, fork) };
}
