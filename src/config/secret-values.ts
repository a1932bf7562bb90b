import type { LoadedConfig } from "./load.ts";

const PROXY_VARIABLES = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/**
 * Every secret of a configuration, for the log to leave out: vault keys, passwords, all texts of the plug-ins' secrets,
 * and the passwords of addresses (a proxy's, the store's), also of the proxies in the environment.
 */
export function secretValues(loaded: LoadedConfig, environment: Readonly<Record<string, string | undefined>> = {}): string[] {
  const { vault, clients, plugins, store, directory } = loaded.credentials;
  const found = [
    ...vault.keys.map((key) => key.key),
    ...clients.map((client) => client.password),
    store?.password ?? "",
    directory?.password ?? "",
    ...texts(plugins),
    ...texts(loaded.config).flatMap(passwordOfAddress),
    ...texts(PROXY_VARIABLES.map((name) => environment[name])).flatMap(passwordOfAddress),
  ];
  return [...new Set(found)].filter((secret) => secret !== "");
}

function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
}

function passwordOfAddress(text: string): string[] {
  const password = text.includes("@") && URL.canParse(text) ? new URL(text).password : "";
  return password === "" ? [] : [password, decoded(password)];
}

/** A lone % is no escape; such a password stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
