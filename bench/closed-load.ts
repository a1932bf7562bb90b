/** A closed load: each connection sends its next call when the last one has been answered. */
import { Pool } from "undici";

export type Call = { path: string; body: string };
/** `answered`: calls with a result; `failures`: what the others said. */
export type ClosedLoad = { aSecond: number; latenciesMs: number[]; answered: number; failures: string[] };

type Options = { connections: number; seconds: number; authorization?: string };

/** `next` makes a call; each answer must be JSON-RPC's with a result. */
export async function closedLoad(url: string, { connections, seconds, authorization }: Options, next: () => Call): Promise<ClosedLoad> {
  const pool = new Pool(url, { connections });
  const headers = { "content-type": "application/json", ...(authorization !== undefined && { authorization }) };
  const latenciesMs: number[] = [];
  const failures: string[] = [];
  const start = performance.now();
  const end = start + seconds * 1000;
  const connection = async () => {
    for (let before = start; before < end; ) {
      const answer = await pool.request({ method: "POST", headers, ...next() });
      const { result, error } = (await answer.body.json()) as { result?: object; error?: { message: string } };
      const now = performance.now();
      if (result) latenciesMs.push(now - before);
      else failures.push(error?.message ?? `status ${answer.statusCode}`);
      before = now;
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const took = (performance.now() - start) / 1000;
  await pool.close();
  return { aSecond: latenciesMs.length / took, latenciesMs, answered: latenciesMs.length, failures };
}
