import { TeamError } from "@troupe/core";
import type { TeamRole } from "../turn/role.ts";

/** The error of a choice that names a stranger. */
export function unknownSpeaker(speaker: string, role: TeamRole): TeamError {
  return new TeamError("team.unknown_speaker", `Team "${role.name}" has no participant "${speaker}"`, {
    remedy: `Choose one of ${[...role.participants.keys()].map((name) => `"${name}"`).join(", ")}.`,
  });
}

/** The error of a choice that would leave the team waiting for ever. */
export function waitsForNobody(role: TeamRole): TeamError {
  return new TeamError("team.waits_for_nobody", `Team "${role.name}" waits, but nobody in it is at work`, {
    remedy: "Let `select` choose a speaker or stop when `working` is empty.",
  });
}
