/** Keeps what outlives a call: connections to X and signing keys. */
import { randomUUID } from "node:crypto";
import type { PluginContext } from "../../src/contract.ts";
import type { Service } from "./call.ts";
import { type Connections, openConnections } from "./requests.ts";
import { completeSettings, type Secrets, type Settings } from "./settings.ts";
import { createSigner, type Signer } from "./sign.ts";

type Context = Pick<PluginContext<Settings, Secrets>, "settings" | "secrets" | "proxy">;
export type Chance = Pick<Service, "random" | "nonce">;

/**
 * What the plug-in uses outside tests. 122 bits of chance never repeat, and hex is the ASCII that X asks of a nonce; a
 * UUID takes them from a store of random bytes that Node keeps, where asking for bytes costs a call of the system.
 */
export const CHANCE: Chance = { random: Math.random, nonce: () => randomUUID().replaceAll("-", "") };

export type Services = {
  /** The service for a call, by the settings and secrets that came with it. Throws when `caFile` can't be read. */
  for(context: Context): Service;
  /** Opens anew, since `caFile` may hold something else now. What is in flight ends on the old connections. */
  renew(context: Context): void;
  /** Lets what is in flight end, and closes all. */
  close(): Promise<void>;
};

export function createServices(chance: Chance): Services {
  const signers = new Map<string, Signer>();
  const closing = new Set<Promise<void>>();
  let open: { key: string; connections: Connections } | undefined;

  const retire = (): void => {
    if (open === undefined) return;
    const closed = open.connections.close().finally(() => closing.delete(closed));
    closing.add(closed);
    open = undefined;
  };
  /** Opened before the old ones go: a caFile that can't be read must not cost the connections that work. */
  const replace = (context: Context, key: string): Connections => {
    const connections = openConnections(completeSettings(context.settings), context.proxy);
    retire();
    open = { key, connections };
    return connections;
  };
  return {
    for(context) {
      const settings = completeSettings(context.settings);
      const { consumerKey, consumerSecret } = context.secrets;
      const key = keyOf(context);
      const connections = open?.key === key ? open.connections : replace(context, key);
      return { settings, connections, sign: signerOf(signers, consumerKey, consumerSecret), ...chance };
    },
    renew(context) {
      replace(context, keyOf(context));
      signers.clear();
    },
    async close() {
      retire();
      await Promise.all(closing);
    },
  };
}

/** Calls with the same key share their connections. */
function keyOf({ settings, proxy }: Context): string {
  const { apiBaseUrl, proxy: own, caFile, requestTimeoutSeconds } = completeSettings(settings);
  return JSON.stringify([apiBaseUrl, own, caFile, requestTimeoutSeconds, proxy]);
}

/** Old keys are still asked for while new ones are tried, so each has its own. */
function signerOf(signers: Map<string, Signer>, key: string, secret: string): Signer {
  const name = JSON.stringify([key, secret]);
  const known = signers.get(name);
  if (known) return known;
  const made = createSigner({ key, secret });
  signers.set(name, made);
  return made;
}
