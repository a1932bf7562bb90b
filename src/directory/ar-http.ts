/** Requests to AR System's REST API: bounded in time and size, and every failure a fault that names the server. */
import { rootCertificates } from "node:tls";
import { Agent, request } from "undici";
import { type Answer, done, type Fault, hostFault, refused } from "../ar.ts";

export type ArServer = {
  /** Of the REST API, such as https://ar.example.com:8443 (BMC: _Access and authentication for the REST API_). */
  url: string;
  /** The authority that signed its certificate, PEM, where that is none of those that Node knows. */
  ca?: string;
  requestTimeoutSeconds: number;
};

export type ArRequest = { method: "GET" | "POST"; path: string; headers: Record<string, string>; body?: string };
export type ArReply = { status: number; text: string };
export type ArHttp = { send(request: ArRequest): Promise<Answer<ArReply>>; close(): Promise<void> };

/** A thousand users are a quarter of it. */
const MAX_BYTES = 1024 * 1024;

export const directoryFault = ({ url }: Pick<ArServer, "url">, cause: string, advice: string): Fault => ({
  ...hostFault("no-directory", `AR System at ${url} ${cause}`),
  advice,
});

/** It goes straight there: a proxy for the way to the Internet has nothing to do inside the company. Redirects are not followed. */
export function openHttp(server: ArServer): ArHttp {
  const timeoutMs = server.requestTimeoutSeconds * 1000;
  const tls = server.ca === undefined ? {} : { ca: [...rootCertificates, server.ca] };
  const agent = new Agent({ connect: { ...tls, timeout: timeoutMs }, maxResponseSize: MAX_BYTES });
  return {
    async send({ path, ...rest }) {
      try {
        const url = `${server.url.replace(/\/+$/, "")}${path}`;
        const answer = await request(url, { ...rest, dispatcher: agent, signal: AbortSignal.timeout(timeoutMs) });
        return done({ status: answer.statusCode, text: await answer.body.text() });
      } catch (cause) {
        return refused(explain(server, cause));
      }
    },
    close: async () => {
      if (!agent.closed) await agent.close();
    },
  };
}

function explain(server: ArServer, cause: unknown): Fault {
  const code = codeOf(cause);
  if (/TIMEOUT|TimeoutError/.test(code))
    return directoryFault(
      server,
      `gave no answer within ${server.requestTimeoutSeconds} s`,
      "Look whether it is busy or a firewall is in between; directory.arServer.requestTimeoutSeconds lets it take longer.",
    );
  if (/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO/.test(code))
    return directoryFault(
      server,
      `has no TLS that is trusted (${code})`,
      "Name the PEM file of the authority that signed its certificate in directory.arServer.caFile, and check the address.",
    );
  if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") return notAr(server, "answered more than 1 MiB");
  return directoryFault(
    server,
    `can't be reached (${code})`,
    "Check directory.arServer.url, and whether AR System's REST API runs there and this machine may connect.",
  );
}

export const notAr = (server: ArServer, cause: string): Fault =>
  directoryFault(server, cause, "Check directory.arServer.url: it must be the address of AR System's REST API, without /api.");

/** A code of Node or undici, or the error's name. Messages may quote what was sent. */
function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "unknown";
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.name;
}
