/** Rules that one key's schema can't say: what must be unique, and what depends on something else. */
import { isIP } from "node:net";
import { isScalar } from "yaml";
import { isLoopback } from "./loopback.ts";
import { isHashed } from "./password.ts";
import { pluginName } from "./plugin-module.ts";
import type { Problem } from "./problem.ts";
import type { Config, Credentials } from "./schema.ts";
import { nodeAt, type Path, placeOf, problemAt, type Source } from "./source.ts";

export function checkConfig(config: Config, source: Source): Problem[] {
  const { host, tls, insecure } = config.server;
  const exposed = !isLoopback(host) && tls === undefined && !insecure;
  const message =
    "server.host is not a loopback address: passwords would cross the network in the clear; " +
    "add server.tls, or server.insecure: true behind a proxy that does TLS";
  const { retentionDays, dedupeHours } = config.outbox;
  const forgetful = retentionDays * 24 < dedupeHours;
  const forgets = "outbox.retentionDays is shorter than outbox.dedupeHours: a repeated call could not be answered its deliveries any more";
  const { rotate, file } = config.log;
  const homeless = rotate !== undefined && file === undefined;
  const misplaced =
    "the store's password must not stand in this file, which is safe to read: put it into the credentials file, as store.password";
  return [
    ...(holdsPassword(source) ? [problemAt(source, ["store"], "value", misplaced)] : []),
    ...(homeless ? [problemAt(source, ["log", "rotate"], "key", "log.rotate needs log.file: standard output can't take turns")] : []),
    ...(forgetful ? [problemAt(source, ["outbox", "retentionDays"], "value", forgets)] : []),
    ...(exposed ? [problemAt(source, ["server", "host"], "value", message)] : []),
    ...config.server.trustProxy.flatMap((network, index) =>
      isNetwork(network)
        ? []
        : [problemAt(source, ["server", "trustProxy", index], "value", "must be an IP address, or a network such as 10.0.0.0/8")],
    ),
    ...repeats(
      config.plugins.map((plugin) => pluginName(plugin.module)),
      (index) => ["plugins", index, "module"],
      "another plug-in has this name",
      source,
    ),
  ];
}

export function checkCredentials(credentials: Credentials, source: Source): Problem[] {
  return [
    ...repeats(
      credentials.vault.keys.map((key) => key.id),
      (index) => ["vault", "keys", index, "id"],
      "another key has this id",
      source,
    ),
    ...repeats(
      credentials.clients.map((client) => client.name),
      (index) => ["clients", index, "name"],
      "another client has this name",
      source,
    ),
    ...credentials.clients.flatMap(({ password }, index) =>
      // taken for a plain password it would let nobody in, and nobody would know why
      password.startsWith("scrypt$") && !isHashed(password)
        ? [problemAt(source, ["clients", index, "password"], "value", "this is not a whole hash of `perch credentials hash`")]
        : [],
    ),
  ];
}

/** As it is written: a password that a reference brings in stands elsewhere. */
function holdsPassword(source: Source): boolean {
  const node = nodeAt(source, ["store"])?.value;
  const written = isScalar(node) ? (node.source ?? "").replace(/\$\{[^}]*\}/g, "") : "";
  return /^postgres(ql)?:\/\/[^/@:]*:[^/@]+@/.test(written) || /^postgres(ql)?:.*[?&]password=./.test(written);
}

function isNetwork(text: string): boolean {
  const [address = "", bits] = text.split("/");
  const version = isIP(address);
  return version !== 0 && (bits === undefined || Number(bits) <= (version === 4 ? 32 : 128));
}

function repeats(names: readonly string[], pathOf: (index: number) => Path, what: string, source: Source): Problem[] {
  return names.flatMap((name, index) => {
    const first = names.indexOf(name);
    return first === index
      ? []
      : [problemAt(source, pathOf(index), "value", `${what} (line ${placeOf(source, pathOf(first), "value").line})`)];
  });
}
