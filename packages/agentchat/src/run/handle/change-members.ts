import { agentId } from "@troupe/core";
import { formatKey, parseKey } from "../../manager/cell-address.ts";
import { refusedChange } from "../../manager/members.ts";
import { ChangeMembers } from "../../turn/protocol.ts";
import type { RunTarget } from "../run-target.ts";

/** Who comes or goes, and in which team. */
export interface MemberChange {
  readonly name: string;
  readonly isMember: boolean;
  /** Path of the team below the runner; empty for the runner itself. */
  readonly team: readonly string[];
}

/**
 * Tells a team that one of its participants takes part from now on, or no more.
 *
 * @throws TeamError `team.unknown_speaker`, `team.last_member`; ConfigError `config.invalid_option` for a team whose members are fixed.
 */
export async function changeMember(target: RunTarget, { name, isMember, team }: MemberChange): Promise<void> {
  const { runtime, manager, runId, binding } = target;
  const path = [...parseKey(manager.key).path, ...team];
  const id = agentId(manager.type, formatKey({ ...parseKey(manager.key), path }));
  const reply = await runtime.send(ChangeMembers({ name, isMember }), id, { run: { runId, path: [] } });
  const refused = refusedChange(path.at(-1) ?? binding.definition.type, name, reply);
  if (refused !== undefined) throw refused;
}
