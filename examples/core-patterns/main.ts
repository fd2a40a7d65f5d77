// Runs every pattern of this folder; each checks itself and says what it did.
import { answerFromClosure } from "./runtime/closure-results.ts";
import { writeAndRun } from "./code-execution.ts";
import { askConcurrently } from "./concurrent-agents.ts";
import { debate } from "./debate.ts";
import { chatAsGroup } from "./group-chat.ts";
import { serveByHandoff } from "./handoffs.ts";
import { mixAgents } from "./mixture-of-agents.ts";
import { reflect } from "./reflection.ts";
import { writeInSequence } from "./sequential-workflow.ts";
import { separateTenants } from "./runtime/tenants-by-topic.ts";
import { stopByIntervention } from "./runtime/termination.ts";
import { useToolAgent } from "./tool-agent.ts";
import { approveByIntervention } from "./runtime/tool-approval.ts";

const patterns = [
  writeInSequence,
  askConcurrently,
  chatAsGroup,
  serveByHandoff,
  mixAgents,
  debate,
  reflect,
  writeAndRun,
  answerFromClosure,
  separateTenants,
  stopByIntervention,
  approveByIntervention,
  useToolAgent,
];
for (const pattern of patterns) console.log(`${pattern.name}: ${await pattern()}`);
