// One benchmark in this process; its figures go to the parent, or to the screen when there is none.
import { benchmarks } from "./benchmarks.ts";
import { createScale } from "./harness/benchmark.ts";
import { formatFigure } from "./harness/report.ts";

const [name, ...flags] = process.argv.slice(2);
const benchmark = benchmarks.find((candidate) => candidate.name === name);
if (benchmark === undefined) throw new Error(`no benchmark is named "${name}"`);
const figures = await benchmark.run(createScale(flags.includes("--quick")));
if (process.send === undefined) for (const figure of figures) console.log(formatFigure(figure));
else process.send(figures, () => process.disconnect());
