/** The style of the run page: readable in light and dark, on paper and on a phone. */
export const runPageStyle = `
:root { color-scheme: light dark; --ink: #1d1f24; --paper: #fff; --quiet: #666; --line: #ddd; --turn: #cfe3f5; --program: #0072b2; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8ea; --paper: #17181b; --quiet: #a0a0a8; --line: #3a3b40; --turn: #24425c; --program: #58b0ea; --bad: #ff8a80; } }
body { margin: 2rem auto; max-width: 62rem; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { margin-bottom: 0; } .lead, time, summary { color: var(--quiet); }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); } h3 { margin: 1.2rem 0 0; font-size: 1rem; } time { font-weight: 400; font-size: .85rem; }
article p { margin: .2rem 0; white-space: pre-wrap; }
.timeline, .chart svg { width: 100%; height: auto; } .timeline text { font-size: 13px; fill: var(--ink); } .timeline .spoke { fill: var(--turn); } .timeline .ran { fill: var(--program); }
details { margin: .4rem 0 .4rem 1rem; } details.failed summary { color: var(--bad); } summary { cursor: pointer; }
pre { overflow-x: auto; font-size: .8rem; padding: .7rem; border: 1px solid var(--line); border-radius: 6px; } pre.output { border-left: 4px solid var(--program); }
table { border-collapse: collapse; } th { text-align: left; vertical-align: top; padding: .2rem 1.5rem .2rem 0; white-space: nowrap; } td { padding: .2rem 0; }
`;
