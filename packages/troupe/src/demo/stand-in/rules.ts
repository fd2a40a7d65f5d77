import { cannot, inferRoles, type Roles } from "./columns.ts";
import { analysisProgram, reviewProgram } from "./programs.ts";
import { type Change, type Finding, findingIn, type Group, type Talk } from "./talk.ts";

/** What a rule decides: words, or a program for the tool. */
export type Decision = Readonly<{ say: string; run?: never } | { say?: never; run: string }>;

const signed = (value: number): string => `${value > 0 ? "+" : ""}${value.toFixed(2)}`;
const move = ({ before, after }: Change): string =>
  `${after < before ? "falls" : "rises"} from ${before.toFixed(2)} to ${after.toFixed(2)} (${signed(after - before)})`;
const fence = "```";
const post = (words: string, program: string): Decision => ({
  say: `${words}\n\n${fence}javascript\n${program}\n${fence}`,
});
const faultIn = (text: string): string => /^(?:Uncaught )?\w*Error: .*$/m.exec(text)?.[0] ?? text.slice(-200).trim();

/** The analyst writes programs for the code runner and reports what they print. */
export function analyst(talk: Talk): Decision {
  const { task, mine, heard, finding, part } = talk;
  const plan = { ...inferRoles(task), tolerant: mine.some((text) => text.includes("const tolerant = true")) };
  const plain = `I take ${plan.measure} as the measure and compare it over ${plan.axis}, all rows first.`;
  if (mine.length === 0) return post(plain, analysisProgram(plan, undefined));
  if (heard.includes("FAILED:")) {
    if (plan.tolerant || !heard.includes("not a number")) throw cannot(`cannot repair its program: ${faultIn(heard)}`);
    const repair = `The sandbox says: ${faultIn(heard)}. I leave such rows out, count them and report it.`;
    return post(repair, analysisProgram({ ...plan, tolerant: true }, part));
  }
  if (heard.includes("REVISE:")) return post("I compute it with and without that part.", analysisProgram(plan, part));
  if (!finding || !heard.includes("REPLICATED:")) throw cannot("has no rule for this state of the conversation");
  const { all, without, only } = finding;
  return post(report(plan, finding, talk), analysisProgram(plan, part, { all, without, only }));
}

function report({ measure, axis }: Roles, finding: Finding, { part, pairs }: Talk): string {
  const { all, without, only, skipped, ends, others } = finding;
  const left = skipped > 0 ? ` Rows left out because they hold no number: ${skipped}.` : "";
  const headline = `REPORT\n\nThe mean of ${measure} ${move(all)} between ${axis} ${ends.join(" and ")}, over ${all.rows} rows.${left}`;
  if (!part || !without || !only) return headline;
  const changes =
    others.length > 8 ? `${signed(others[0] ?? 0)} to ${signed(others.at(-1) ?? 0)}` : others.map(signed).join(", ");
  const name = `${part.column} ${part.levels.join(", ")}`;
  return `${headline}\n
**One part contradicts it.** In ${name} the mean ${move(only)}, over ${only.rows} rows. ${pairs ?? ""}\n
**With and without it.** With ${name} the change is ${signed(all.after - all.before)}. Without, the mean ${move(without)}, over ${without.rows} rows.\n
**What the table cannot decide.** Were the two values of ${axis} exchanged there, ${name} would change by ${signed(only.before - only.after)}; the other \
groups change by ${changes}. A mistake at data entry and a real effect leave the same numbers: only the original records can tell.`;
}

/** The reviewer recomputes with code of its own and looks for groups that contradict the headline. */
export function reviewer({ task, mine, heard, toolText, finding, part }: Talk): Decision {
  const plan = { ...inferRoles(task), tolerant: (finding?.skipped ?? 0) > 0 };
  if (!finding || !heard.includes("RESULT {")) return { say: `FAILED: the program gave no result. ${faultIn(heard)}` };
  if (finding.kind === "check" && mine.some((text) => text.startsWith("REVISE:"))) {
    const complete = heard.includes("cannot decide") && part?.levels.every((level) => heard.includes(level));
    const approval = "APPROVE: every figure holds, the contradiction is named, and so is what stays open.";
    return { say: complete ? approval : "FAILED: the report is not complete." };
  }
  const scope = finding.kind === "check" ? plan : { ...plan, groups: [] };
  if (toolText === undefined) return { run: reviewProgram(scope, part) };
  const own = findingIn(toolText);
  if (!own) throw cannot(`could not recompute the figures: ${faultIn(toolText)}`);
  if (finding.kind === "check") return { say: judge(own) };
  const wrong = (["all", "without", "only"] as const).find((key) => differs(finding[key], own[key]));
  const shown = wrong ?? (finding.without ? "without" : "all");
  const where = shown === "all" ? "over all rows" : "elsewhere";
  const figures = `by code of my own the mean ${where} ${move(own[shown] ?? own.all)}`;
  if (wrong) return { say: `FAILED: not the same figures, ${figures}.` };
  return { say: `REPLICATED: ${figures} too. Report it, with a program that checks every figure.` };
}

const differs = (theirs: Change | undefined, own: Change | undefined): boolean =>
  theirs !== undefined && !(own && Math.hypot(theirs.before - own.before, theirs.after - own.after) < 1e-6);

/** A group contradicts the headline when it moves the other way by more than three standard errors. */
function judge({ all, groups }: Finding): string {
  const way = Math.sign(all.after - all.before);
  const against = ({ before, after, error }: Group): number => (error > 0 ? (way * (before - after)) / error : 0);
  const worst = groups.filter((group) => against(group) > 3).toSorted((left, right) => against(right) - against(left));
  const columns = [...new Set(groups.map(({ column }) => column))].join(" and ");
  const column = worst[0]?.column;
  if (column === undefined)
    return `APPROVE: at the first review. Recomputed by ${columns}, none of the ${groups.length} groups contradicts the headline.`;
  const part = groups.filter((group) => group.column === column && worst.includes(group));
  const rest = groups.filter((group) => group.column === column && !part.includes(group));
  const levels = JSON.stringify(part.map(({ level }) => level));
  return `REVISE: in ${JSON.stringify(column)} the part ${levels} goes the other way: the mean ${part.map(move).join(", ")}. Matched pairs that follow \
the headline: ${follow(part, way)} there, ${follow(rest, way)} elsewhere. Compute it with and without, and say what the table cannot decide.`;
}

function follow(groups: readonly Group[], way: number): string {
  const [down, up] = groups.reduce(([falls, rises], group) => [falls + group.down, rises + group.up], [0, 0]);
  return `${way < 0 ? down : up} of ${down + up}`;
}
