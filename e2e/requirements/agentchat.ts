import { rows } from "./agentchat/rows.data.ts";
import { createVerifier, defineRequirements, type Requirements, type Verifier } from "./requirement.ts";

/**
 * What agents and teams owe: the conformance list of AutoGen's AgentChat, and from row 136 on the list of what AutoGen fails. Rows about graphs,
 * documents and guards are in areas of their own.
 */
export const requirements: Requirements = defineRequirements(rows);

const verifier = createVerifier(requirements);

/** Declares a test that verifies a row. */
export const verifies: Verifier["verifies"] = (id, name, verify) => verifier.verifies(id, name, verify);
