import { ConfigError, TeamError } from "@troupe/core";
import type { ChangeMembersPayload, ChangeMembersReply } from "../turn/protocol.ts";
import type { TeamRole } from "../turn/role.ts";
import type { ManagerState } from "./manager-state.ts";

/** Names of those who take part, in the order of the definition. */
export function presentMembers(role: TeamRole, state: ManagerState): readonly string[] {
  const absent = state.absent ?? role.reserves ?? [];
  const names = [...role.participants.keys()];
  return absent.length === 0 ? names : names.filter((name) => !absent.includes(name));
}

/** Lets a participant take part, or no more, from the next choice of a speaker on. */
export function changeMembers(
  role: TeamRole,
  state: ManagerState,
  { name, isMember }: ChangeMembersPayload,
): ChangeMembersReply {
  if (!role.participants.has(name)) return { status: "unknown", members: [...role.participants.keys()] };
  if (role.fixedMembers !== undefined) return { status: "fixed", why: role.fixedMembers };
  const present = presentMembers(role, state);
  if (present.includes(name) === isMember) return { status: "unchanged" };
  if (!isMember && present.length === 1) return { status: "last" };
  const names = [...role.participants.keys()];
  state.absent = names.filter((other) => (other === name ? !isMember : !present.includes(other)));
  return { status: "changed", members: presentMembers(role, state) };
}

/** The error of a change of members that was refused; undefined when it was not. */
export function refusedChange(team: string, name: string, reply: ChangeMembersReply): Error | undefined {
  const details = { team, name };
  switch (reply.status) {
    case "changed":
    case "unchanged":
      return undefined;
    case "unknown":
      return new TeamError("team.unknown_speaker", `Team "${team}" has no participant "${name}"`, {
        remedy: `Name one of ${reply.members.map((member) => `"${member}"`).join(", ")}; who may come later belongs to \`reserves\`.`,
        details,
      });
    case "last":
      return new TeamError("team.last_member", `"${name}" is the last who takes part in team "${team}"`, {
        remedy: "Add another participant before this one goes, or stop the run.",
        details,
      });
    case "fixed":
      return new ConfigError("config.invalid_option", `The members of team "${team}" cannot change: ${reply.why}`, {
        remedy: "Use a team whose members may change, or another definition.",
        details,
      });
  }
}
