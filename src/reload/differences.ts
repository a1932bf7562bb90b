/** What differs between two configurations: what is in force at once, and what waits for a restart of the host, and why. */
import { isDeepStrictEqual } from "node:util";
import type { LoadedConfig } from "../config/load.ts";

type Config = LoadedConfig["config"];

/** What open connections and files hang on, each with the reason that people are told. */
export const RESTARTS: Readonly<Record<string, { of: (config: Config) => unknown; why: string }>> = {
  "server.host": { of: ({ server }) => server.host, why: "the host listens at its address from its start on" },
  "server.port": { of: ({ server }) => server.port, why: "the host listens at its port from its start on" },
  "server.socket": { of: ({ server }) => server.socket, why: "the host listens at its socket from its start on" },
  "server.tls": {
    // What the files hold is renewed while the host runs; whether there are any is another kind of server.
    of: ({ server }) => [server.tls !== undefined, server.tls?.clientCaFile !== undefined],
    why: "connections without TLS, or without a client's certificate, are another kind of server",
  },
  "server.trustProxy": { of: ({ server }) => server.trustProxy, why: "whose word counts is settled when the host begins to listen" },
  "server.group": { of: ({ server }) => server.group, why: "leases that were given live as long as they were promised to" },
  store: { of: ({ store }) => store, why: "deliveries that are under way are in the store that is open" },
  "log.file": { of: ({ log }) => log.file, why: "the log's file is opened at the start" },
  "log.rotate": { of: ({ log }) => log.rotate, why: "the log's files take turns from its start on" },
  "log.format": { of: ({ log }) => log.format, why: "the log is written in one format from its start on" },
};

/** `started`: what the host was started with, so that what waits is named until it is undone or the host restarted. */
export function waitingForRestart(started: Config, now: Config): { needsRestart: string[]; why: Record<string, string> } {
  const differing = Object.entries(RESTARTS).filter(([, { of }]) => !isDeepStrictEqual(of(started), of(now)));
  return { needsRestart: differing.map(([name]) => name), why: Object.fromEntries(differing.map(([name, { why }]) => [name, why])) };
}

const LIVE: Readonly<Record<string, (loaded: LoadedConfig) => unknown>> = {
  aliases: ({ config }) => config.aliases,
  outbox: ({ config }) => config.outbox,
  audit: ({ config }) => config.audit,
  directory: ({ config, directory }) => [config.directory, directory && ("users" in directory ? directory.users : directory.arServer.ca)],
  "log levels": ({ config }) => [config.log.level, config.log.plugins],
  "server.publicUrl": ({ config }) => config.server.publicUrl,
  "server.stopTimeoutSeconds": ({ config }) => config.server.stopTimeoutSeconds,
  "TLS certificate": ({ tls, config }) => (config.server.tls === undefined ? undefined : tls),
  clients: ({ credentials }) => credentials.clients,
  "vault keys": ({ credentials }) => credentials.vault,
  "the store's password": ({ credentials }) => credentials.store,
  "the directory's log-in": ({ credentials }) => credentials.directory,
};

/** What is in force as soon as it is loaded, plug-ins aside. */
export function changedParts(before: LoadedConfig, after: LoadedConfig): string[] {
  return Object.entries(LIVE).flatMap(([name, of]) => (isDeepStrictEqual(of(before), of(after)) ? [] : [name]));
}

/** Names that have come, gone or changed their passwords. A role is looked up at each call. */
export function changedClients(before: LoadedConfig["credentials"], after: LoadedConfig["credentials"]): string[] {
  const [old, now] = [before, after].map(({ clients }) => new Map(clients.map(({ name, password }) => [name, password])));
  const names = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])]);
  return [...names].filter((name) => old?.get(name) !== now?.get(name));
}
