/** The runtime broke an invariant in a simulation. */
export class SimulationViolation extends Error {
  override readonly name: string = "SimulationViolation";
  readonly invariant: string;

  constructor(invariant: string, what: string) {
    super(`${invariant}: ${what}`);
    this.invariant = invariant;
  }
}

/** @throws SimulationViolation unless `holds`. */
export function hold(holds: boolean, invariant: string, what: () => string): void {
  if (!holds) throw new SimulationViolation(invariant, what());
}
