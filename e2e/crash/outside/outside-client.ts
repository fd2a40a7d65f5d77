import { Agent, request } from "node:http";
import type { OutsideReply, OutsideRequest } from "./outside-call.ts";

/** A worker's way to the world outside. */
export interface OutsideClient {
  ask(request: OutsideRequest, signal?: AbortSignal): Promise<OutsideReply>;
  close(): void;
}

/** Who asks, for whom. */
export interface OutsideCaller {
  readonly runId: string;
  readonly lane: string;
}

/** Talks to an `OutsideServer` about one run, over plain HTTP: `fetch` would double the start time of a worker. */
export function createOutsideClient(url: string, { runId, lane }: OutsideCaller): OutsideClient {
  const agent = new Agent({ keepAlive: true });
  const target = new URL(`${url}/${encodeURIComponent(runId)}/${encodeURIComponent(lane)}`);
  return {
    ask: (body, signal) =>
      new Promise((resolve, reject) => {
        const text = JSON.stringify(body);
        const sent = request(target, { method: "POST", agent, ...(signal !== undefined && { signal }) }, (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.once("error", reject);
          response.once("end", () => {
            const answer = Buffer.concat(chunks).toString("utf8");
            if (response.statusCode === 200) resolve(JSON.parse(answer) as OutsideReply);
            else reject(new Error(`the world outside answered ${response.statusCode}: ${answer}`));
          });
        });
        sent.once("error", reject);
        sent.end(text);
      }),
    close: () => agent.destroy(),
  };
}
