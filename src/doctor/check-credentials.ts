/** The credentials file alone: its mode and shape, its keys and passwords, and whether the services accept what is in it. */
import type { DoctorLine } from "../cli/machine.ts";
import { loadConfig } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import { secretValues } from "../config/secret-values.ts";
import { configuredAccounts } from "./accounts-of.ts";
import { credentialsLine, passwordsLine, vaultLine } from "./credentials-lines.ts";
import { type DoctorOptions, proxyOf, together } from "./diagnose.ts";
import { problemLine } from "./plugin-lines.ts";
import { scrubbed } from "./scrubbed.ts";

export type CredentialsOptions = Pick<DoctorOptions, "configFile" | "environment"> & {
  /** Leave the services alone. */
  offline: boolean;
};

export async function* checkCredentials({ configFile, environment, offline }: CredentialsOptions): AsyncGenerator<DoctorLine> {
  const read = await loadConfig(configFile, environment);
  if (!read.ok) {
    yield* scrubbed(
      "host",
      read.problems.map((problem) => problemLine(formatProblem(problem))),
      [],
    );
    return;
  }
  const { loaded } = read;
  const secrets = secretValues(loaded, environment);
  yield* scrubbed("host", [credentialsLine(loaded), vaultLine(loaded), passwordsLine(loaded)], secrets);
  const cases = loaded.config.plugins.map((configured) => {
    const accounts = configuredAccounts(loaded.credentials.plugins[configured.name]);
    return { loaded, configured, accounts, offline, proxy: proxyOf(environment) };
  });
  // A way to the service that is broken is the reason why nothing can be said of the credentials.
  for await (const line of together(cases, secrets)) if (line.ofCredentials || line.state === "fail") yield line;
}
