import type { Scene, Story } from "../story.ts";
import { wordsOf } from "../story.ts";
import { formatDuration } from "../../terminal/human-units.ts";
import type { Summary, SummaryRow } from "../summary.ts";
import { escapeMarkup } from "./markup.ts";
import { runPageStyle } from "./run-page-style.data.ts";

/** One self-contained page about a run: timeline, chart, conversation and the closing tables. No script, no external resource. */
export function writeRunPage(story: Story, summary: Summary, chart: string | undefined): string {
  const body = [
    `<h1>${escapeMarkup(story.dataName)}</h1>`,
    `<p class="lead">${escapeMarkup(leadOf(story))}</p>`,
    section("Timeline", drawTimeline(story)),
    ...(chart === undefined ? [] : [section("Chart", `<div class="chart">${chart}</div>`)]),
    section("Conversation", story.scenes.map(writeScene).join("\n")),
    section(
      "The sandbox refuses",
      story.refusals.map((refusal) => writeRow([refusal.attempt, refusal.answer])).join("\n"),
      "table",
    ),
    section("What was real", summary.real.map(writeRow).join("\n"), "table"),
    section("What stood in", summary.stoodIn.map(writeRow).join("\n"), "table"),
    ...(summary.crash.length === 0 ? [] : [section("Crash", summary.crash.map(writeRow).join("\n"), "table")]),
    section("Run", summary.totals.map(writeRow).join("\n"), "table"),
  ];
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeMarkup(story.dataName)}</title><style>${runPageStyle}</style>`;
  return `<!doctype html>\n<html lang="en">\n<head>${head}</head>\n<body>\n${body.join("\n")}\n</body>\n</html>\n`;
}

function leadOf(story: Story): string {
  const words = story.isStandIn ? `the stand-in model ${story.modelName}: rules, no language model` : story.modelName;
  return `${story.turnCount} turns in ${formatDuration(story.durationMs)}. Words by ${words}. Figures computed in the sandbox.`;
}

function section(title: string, content: string, element = "div"): string {
  return `<section><h2>${title}</h2><${element}>${content}</${element}></section>`;
}

function writeRow([name, value]: SummaryRow): string {
  return `<tr><th scope="row">${escapeMarkup(name)}</th><td>${escapeMarkup(value)}</td></tr>`;
}

/** A lane per speaker: pale bars for turns, strong bars for programs in the sandbox. */
function drawTimeline(story: Story): string {
  const lanes = [...new Set(story.scenes.map(speakerOf))];
  const end = Math.max(1, ...story.scenes.map((scene) => scene.endMs));
  const width = 960;
  const labelWidth = 110;
  const laneHeight = 30;
  const height = lanes.length * laneHeight + 26;
  const x = (ms: number): number => Math.round((labelWidth + (ms / end) * (width - labelWidth - 10)) * 10) / 10;
  const bars = story.scenes.map((scene) => {
    const y = lanes.indexOf(speakerOf(scene)) * laneHeight + (scene.kind === "ran" ? 9 : 5);
    const length = Math.max(2, x(scene.endMs) - x(scene.startMs));
    const label = escapeMarkup(`${speakerOf(scene)} ${scene.kind}, ${formatDuration(scene.endMs - scene.startMs)}`);
    return `<rect class="${scene.kind}" x="${x(scene.startMs)}" y="${y}" width="${length}" height="${scene.kind === "ran" ? 12 : 20}"><title>${label}</title></rect>`;
  });
  const labels = lanes.map((lane, index) => `<text x="0" y="${index * laneHeight + 19}">${escapeMarkup(lane)}</text>`);
  const scale = `<text x="${labelWidth}" y="${height - 4}">0</text><text x="${width - 10}" y="${height - 4}" text-anchor="end">${formatDuration(end)}</text>`;
  return `<svg class="timeline" viewBox="0 0 ${width} ${height}" role="img" aria-label="Who spoke and what ran, over time">${labels.join("")}${bars.join("")}${scale}</svg>`;
}

function writeScene(scene: Scene): string {
  const time = `<time>${formatDuration(scene.startMs)}</time>`;
  if (scene.kind === "killed")
    return `<article class="killed"><h3>process ${time}</h3><p>Killed after event ${scene.sequence}; another process went on.</p></article>`;
  if (scene.kind === "spoke") {
    if (scene.isEcho) return "";
    const words = wordsOf(scene.text);
    const said = scene.text.includes("```") && words === "" ? "posts a program" : words;
    return `<article class="spoke"><h3>${escapeMarkup(scene.by)} ${time}</h3><p>${emphasize(escapeMarkup(said))}</p></article>`;
  }
  const { by, author, code, output, exitCode, durationMs } = scene.run;
  const outcome = exitCode === 0 ? "ran" : `failed with exit code ${exitCode}`;
  return `<details class="${exitCode === 0 ? "ran" : "failed"}"><summary>${escapeMarkup(by)}: ${author === by ? "own program" : `program of the ${author}`} ${outcome}, ${formatDuration(durationMs)}</summary><pre>${escapeMarkup(code)}</pre><pre class="output">${escapeMarkup(output)}</pre></details>`;
}

/** Markdown's strong emphasis, the only mark-up that reports here use. */
function emphasize(markup: string): string {
  return markup.replaceAll(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>");
}

function speakerOf(scene: Scene): string {
  if (scene.kind === "killed") return "killed";
  return scene.kind === "spoke" ? scene.by : scene.run.by;
}
