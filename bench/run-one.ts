// One benchmark in this process; its figures go to the parent, or to the screen when there is none.
import { benchmarks } from "./benchmarks.ts";
import { createScale } from "./harness/benchmark.ts";
import { formatFigure } from "./harness/report.ts";

const [name = "", ...flags] = process.argv.slice(2);
const load = benchmarks[name];
if (load === undefined) throw new Error(`no benchmark is named "${name}"`);
const benchmark = await load();
console.log(`\n${name}: ${benchmark.claim}`);
const figures = await benchmark.run(createScale(flags.includes("--quick")));
if (process.send === undefined) for (const figure of figures) console.log(formatFigure(figure));
else process.send({ claim: benchmark.claim, figures }, () => process.disconnect());
