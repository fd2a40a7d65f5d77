import { afterAll, beforeAll, describe } from "vitest";
import { missingPostgres, type PostgresServer, startPostgres } from "./postgres-server.ts";

const missing = await missingPostgres();

/** Declares tests that share one server. Without an installed one they are skipped, except where CI promises one. */
export function describeWithServer(name: string, declare: (server: () => PostgresServer) => void): void {
  const isSkipped = missing !== undefined && process.env["CI"] !== "true";
  describe.skipIf(isSkipped)(isSkipped ? `${name} (skipped: ${missing})` : name, () => {
    let server: PostgresServer | undefined;
    beforeAll(async () => {
      server = await startPostgres();
    }, 60_000);
    afterAll(() => server?.stop());
    declare(() => {
      if (server === undefined) throw new Error("the server has not started");
      return server;
    });
  });
}
