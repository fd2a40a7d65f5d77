// node scripts/portable.ts [platform ...]
// Runs the framework-free contract suites of core, llm and agentchat, bundled once, on every platform they promise to support.
// A platform that cannot be had is skipped with the reason; with CI=true that is a failure.
import { buildBundle } from "./portable/build-bundle.ts";
import { chromium } from "./portable/chromium-platform.ts";
import type { Bundle, Platform, PlatformOutcome } from "./portable/platform.ts";
import { bun, deno, nodePlatform } from "./portable/process-platforms.ts";
import { workerd } from "./portable/workerd-platform.ts";

const platforms: readonly Platform[] = [
  nodePlatform("node22", "22.23.3"),
  nodePlatform("node24", "24.21.0"),
  nodePlatform("node26", "26.10.0"),
  deno,
  bun,
  workerd,
  chromium,
];

function select(names: readonly string[]): readonly Platform[] {
  const unknown = names.find((name) => !platforms.some((platform) => platform.name === name));
  if (unknown !== undefined)
    throw new Error(`no platform "${unknown}"; there are ${platforms.map(({ name }) => name).join(", ")}`);
  return names.length === 0 ? platforms : platforms.filter(({ name }) => names.includes(name));
}

/** Runs one platform and says how it went; true when nothing is red. */
async function judge(platform: Platform, bundle: Bundle): Promise<boolean> {
  let outcome: PlatformOutcome;
  try {
    outcome = await platform.run(bundle);
  } catch (error) {
    console.log(`${platform.name}: 0 passed, 1 failed\n${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
  if (outcome.kind === "missing") {
    const isRequired = process.env["CI"] === "true";
    console.log(`${platform.name}: ${isRequired ? "0 passed, 1 failed" : "skipped"}: ${outcome.reason}`);
    return !isRequired;
  }
  const { passed, failed, skipped, failures } = outcome.report;
  for (const failure of failures) console.log(`  ${failure.suite}: ${failure.name}\n    ${failure.error}`);
  console.log(`${platform.name} (${outcome.version}): ${passed} passed, ${failed} failed, ${skipped} skipped`);
  // Nothing run is nothing shown.
  return failed === 0 && passed > 0;
}

const chosen = select(process.argv.slice(2));
const bundle = await buildBundle();
const verdicts: boolean[] = [];
for (const platform of chosen) verdicts.push(await judge(platform, bundle));
process.exitCode = verdicts.every(Boolean) ? 0 : 1;
