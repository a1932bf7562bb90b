/** The files of a demo's host, in a folder of its own that goes away with the demo. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";

export type DemoFiles = {
  configFile: string;
  /** Writes the configuration anew with these settings of the plug-in; a reader never sees half of it. */
  configure(userDefined: Record<string, unknown>): Promise<void>;
  remove(): Promise<void>;
};

type DemoPlan = { module: string; port: number; settings: Record<string, unknown>; secrets: Record<string, unknown> };

/** The name of a plug-in, by which its secrets are found: the last part of its path, without an ending. */
export const nameOfModule = (module: string): string =>
  module
    .replace(/\/+$/, "")
    .split("/")
    .at(-1)
    ?.replace(/\.[jt]s$/, "") ?? module;

export async function writeDemoFiles({ module, port, settings, secrets }: DemoPlan): Promise<DemoFiles> {
  const folder = await mkdtemp(join(tmpdir(), "perch-demo-"));
  const configFile = join(folder, "perch.yaml");
  const configure = async (userDefined: Record<string, unknown>) => {
    const config = {
      server: { host: "127.0.0.1", port, socket: "./perch.sock" },
      store: "sqlite:./perch.db",
      credentials: "./credentials.yaml",
      plugins: [{ module, userDefined }],
    };
    await writeFile(`${configFile}.new`, stringify(config));
    await rename(`${configFile}.new`, configFile);
  };
  await writeFile(join(folder, "credentials.yaml"), stringify(demoCredentials(nameOfModule(module), secrets)), { mode: 0o600 });
  await configure(settings);
  return { configFile, configure, remove: () => rm(folder, { recursive: true, force: true }) };
}

function demoCredentials(name: string, secrets: Record<string, unknown>): object {
  const roles = { "ar-server": "workflow", ops: "operator", admin: "admin" };
  return {
    // AES-256 takes 32 bytes.
    vault: { keys: [{ id: "demo", key: randomBytes(32).toString("base64") }] },
    clients: Object.entries(roles).map(([client, role]) => ({ name: client, role, password: randomBytes(18).toString("base64url") })),
    plugins: { [name]: secrets },
  };
}
