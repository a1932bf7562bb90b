/** A caller of the REST way in who is no code of ours: curl. */
import { execFile } from "node:child_process";
import { PASSWORDS } from "../stage.ts";

export type CurlAnswer = { status: number; headers: Record<string, string[]>; text: string; json: () => Record<string, unknown> };

export const AS_WORKFLOW = ["-u", `workflow:${PASSWORDS.workflow}`];
export const JSON_BODY = ["-H", "Content-Type: application/json"];
export const GRANT = ["-d", "grant_type=client_credentials"];
export const bearer = (token: string): string[] => ["-H", `Authorization: Bearer ${token}`];

/** `args` as for curl, the address last. */
export function curl(...args: string[]): Promise<CurlAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<CurlAnswer>();
  execFile("curl", ["-sS", "-i", ...args], (error, stdout) => (error ? reject(error) : resolve(readAnswer(stdout))));
  return promise;
}

function readAnswer(stdout: string): CurlAnswer {
  const end = stdout.indexOf("\r\n\r\n");
  const [statusLine = "", ...fields] = stdout.slice(0, end).split("\r\n");
  const headers: Record<string, string[]> = {};
  for (const field of fields) {
    const [name = "", ...value] = field.split(": ");
    headers[name.toLowerCase()] = [...(headers[name.toLowerCase()] ?? []), value.join(": ")];
  }
  const text = stdout.slice(end + 4);
  return { status: Number(statusLine.split(" ")[1]), headers, text, json: () => JSON.parse(text) as Record<string, unknown> };
}
