/** The two files of a kit's host, in a folder that is gone with the test. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The plug-in under test, and its part of both files as they would stand there. */
export type PluginUnderTest = {
  /** Its module: `new URL("../../../plugins/NAME/index.ts", import.meta.url)`. */
  module: URL;
  /** `userDefined` in the configuration. */
  settings?: Readonly<Record<string, unknown>>;
  /** `plugins.NAME` in the credentials file. */
  secrets?: Readonly<Record<string, unknown>>;
};

/** What a test runner must offer: `work` is done when the test is over. */
export type Teardown = { teardown(work: () => unknown): unknown };

export type KitFiles = {
  configFile: string;
  /** Writes both files (anew). `config` is more of perch.yaml; its `plugins` stand after the plug-in under test. */
  write(plugin: PluginUnderTest, config?: Readonly<Record<string, unknown>>): Promise<void>;
  remove(): Promise<void>;
};

const VAULT_KEY = Buffer.alloc(32, 7).toString("base64");

export async function openKitFiles(pluginName: string): Promise<KitFiles> {
  const folder = await mkdtemp(join(tmpdir(), "perch-kit-"));
  const configFile = join(folder, "perch.yaml");
  return {
    configFile,
    async write({ module, settings = {}, secrets = {} }, { plugins, ...config } = {}) {
      const others: unknown[] = Array.isArray(plugins) ? plugins : [];
      // JSON is YAML.
      const configuration = {
        server: { port: 0, socket: "./perch.sock", stopTimeoutSeconds: 5 },
        store: "sqlite:./perch.db",
        credentials: "./credentials.yaml",
        log: { level: "debug" },
        ...config,
        plugins: [{ module: fileURLToPath(module), userDefined: settings }, ...others],
      };
      const credentials = {
        vault: { keys: [{ id: "kit", key: VAULT_KEY }] },
        clients: [{ name: "kit", role: "admin", password: "kit-password" }],
        plugins: { [pluginName]: secrets },
      };
      await writeFile(configFile, JSON.stringify(configuration, null, 1));
      await writeFile(join(folder, "credentials.yaml"), JSON.stringify(credentials, null, 1), { mode: 0o600 });
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
