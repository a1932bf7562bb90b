/** Signs as Standard Webhooks 1.0.0 says ("Signature scheme", "Webhook headers"): HMAC-SHA256, one signature a secret. */
import { createHmac } from "node:crypto";

type Message = { id: string; timestampSeconds: number; body: string };
export type SignedHeaders = { "webhook-id": string; "webhook-timestamp": string; "webhook-signature": string };

/** `secrets`: one or more of `whsec_<base64>`, with blanks between them, each of which the receiver may know. */
export function sign({ id, timestampSeconds, body }: Message, secrets: string): SignedHeaders {
  const timestamp = `${timestampSeconds}`;
  const signatures = secrets.split(" ").map((secret) => {
    const key = Buffer.from(secret.slice("whsec_".length), "base64");
    return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
  });
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}
