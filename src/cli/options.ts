import type { Leaf, Options } from "./command.ts";

/** Options of every command. */
export const GENERAL_OPTIONS: Options = {
  config: { value: "FILE", help: "the configuration", fallback: "$PERCH_CONFIG, else config/perch.yaml" },
  help: { short: "h", help: "show this help" },
};
/** Options of commands that talk to a running host. */
export const HOST_OPTIONS: Options = {
  url: { value: "URL", help: "call this host over HTTP", fallback: "the Unix socket of the configuration" },
  client: { value: "NAME", help: "with --url: the client to call as; its password is $PERCH_PASSWORD or asked for" },
};
export const JSON_OPTION: Options = { json: { help: "print JSON" } };

/** All options that a command takes, its own first. */
export const optionsOf = (leaf: Leaf): Options => ({
  ...leaf.options,
  ...(leaf.json && JSON_OPTION),
  ...(leaf.host && HOST_OPTIONS),
  ...GENERAL_OPTIONS,
});
