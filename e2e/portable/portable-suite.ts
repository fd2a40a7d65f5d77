import { type ContractCase, type ContractReport, type ContractSubject, runContract } from "@troupe/core/testing";

/** A contract and what keeps it, ready to run anywhere: no test framework, nothing of one platform. */
export interface PortableSuite {
  readonly name: string;
  readonly run: () => Promise<ContractReport>;
}

/** Joins a contract with its subject. */
export function portableSuite<Environment>(
  name: string,
  cases: readonly ContractCase<Environment>[],
  subject: ContractSubject<Environment>,
): PortableSuite {
  return { name, run: () => runContract(cases, subject) };
}
