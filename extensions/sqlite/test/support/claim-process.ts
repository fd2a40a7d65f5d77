// Claims a cell and prints the code of the error: `node claim-process.ts <path>`.
import { sqliteStore } from "@troupe/sqlite";

const store = sqliteStore(process.argv[2] ?? "");
try {
  await store.claim("cell", "worker");
  console.log("claimed");
} catch (error) {
  console.log(error instanceof Error ? Reflect.get(error, "code") : error);
}
await store.close();
