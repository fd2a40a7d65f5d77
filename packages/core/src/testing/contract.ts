import type { MaybePromise } from "../async/index.ts";

/**
 * One promise of a contract, as data: no test framework is named, so the same case runs under vitest, in Deno, Bun, a Worker or a
 * browser. It throws when the promise is broken.
 */
export interface ContractCase<Environment> {
  /** A sentence. */
  readonly name: string;
  /** The numbered invariant it holds to account: `C5`. */
  readonly invariant: string;
  readonly run: (environment: Environment) => MaybePromise<void>;
}

/** Makes what a case works on: fresh for each case, disposed after it. */
export interface ContractSubject<Environment> {
  readonly create: () => MaybePromise<Environment>;
  /** Called after each case, also after a failed one. */
  readonly dispose?: ((environment: Environment) => MaybePromise<void>) | undefined;
  /** Cases that do not apply, by name, with the reason. */
  readonly skips?: Readonly<Record<string, string>> | undefined;
}

/** How one case ended. */
export type ContractResult =
  | { readonly name: string; readonly status: "passed" }
  | { readonly name: string; readonly status: "failed"; readonly error: unknown }
  | { readonly name: string; readonly status: "skipped"; readonly reason: string };

/** How a suite ended. */
export interface ContractReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly results: readonly ContractResult[];
}

/** What a test framework offers: vitest's, Deno's and Bun's `test` fit. */
export type DeclareTest = (name: string, run: () => Promise<void>) => unknown;

/**
 * Declares one test for each case of a contract.
 *
 * @throws Error when a skip names no case: a contract that changed must not leave a hole.
 */
export function declareContract<Environment>(
  cases: readonly ContractCase<Environment>[],
  subject: ContractSubject<Environment>,
  declare: { readonly test: DeclareTest; readonly skip?: DeclareTest | undefined },
): void {
  checkSkips(cases, subject.skips);
  for (const contractCase of cases) {
    const reason = skipReason(subject, contractCase);
    if (reason === undefined) declare.test(titleOf(contractCase), () => runCase(contractCase, subject));
    else declare.skip?.(`${titleOf(contractCase)} (skipped: ${reason})`, async () => {});
  }
}

/** Runs a contract without a test framework, one case after the other. */
export async function runContract<Environment>(
  cases: readonly ContractCase<Environment>[],
  subject: ContractSubject<Environment>,
): Promise<ContractReport> {
  checkSkips(cases, subject.skips);
  const results: ContractResult[] = [];
  for (const contractCase of cases) results.push(await resultOf(contractCase, subject));
  const count = (status: ContractResult["status"]): number =>
    results.filter((result) => result.status === status).length;
  return { passed: count("passed"), failed: count("failed"), skipped: count("skipped"), results };
}

async function resultOf<Environment>(
  contractCase: ContractCase<Environment>,
  subject: ContractSubject<Environment>,
): Promise<ContractResult> {
  const name = titleOf(contractCase);
  const reason = skipReason(subject, contractCase);
  if (reason !== undefined) return { name, status: "skipped", reason };
  try {
    await runCase(contractCase, subject);
    return { name, status: "passed" };
  } catch (error) {
    return { name, status: "failed", error };
  }
}

async function runCase<Environment>(
  contractCase: ContractCase<Environment>,
  subject: ContractSubject<Environment>,
): Promise<void> {
  const environment = await subject.create();
  try {
    await contractCase.run(environment);
  } finally {
    await subject.dispose?.(environment);
  }
}

function titleOf(contractCase: { readonly invariant: string; readonly name: string }): string {
  return `${contractCase.invariant}: ${contractCase.name}`;
}

function skipReason<Environment>(
  subject: ContractSubject<Environment>,
  contractCase: ContractCase<Environment>,
): string | undefined {
  return subject.skips?.[contractCase.name];
}

function checkSkips(cases: readonly { readonly name: string }[], skips: Readonly<Record<string, string>> = {}): void {
  const names = new Set(cases.map((contractCase) => contractCase.name));
  const stray = Object.keys(skips).find((name) => !names.has(name));
  if (stray !== undefined) throw new Error(`the contract has no case "${stray}" to skip`);
}
