/** `perch store copy`: addresses and passwords as they come from the command line and the configuration. */
import type { CopyRequest, Problems, StoreCopied, StoreCopyProgress } from "./cli/machine.ts";
import { loadConfig } from "./config/load.ts";
import { absoluteStore } from "./config/store-address.ts";
import { CopyRefused, type CopyReport, copyStore as copy } from "./store/copy.ts";
import { openCopySide } from "./store/open-copy.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export async function copyStore(
  { configFile, folder, from, to }: CopyRequest,
  environment: Environment,
  onProgress: (progress: StoreCopyProgress) => void,
): Promise<{ ok: true; value: StoreCopied } | Problems> {
  const addresses = [from, to].map((address) => absoluteStore(address, folder));
  if (addresses.some(holdsPassword))
    return no(
      "A password in an address would show in the list of processes: give it as PGPASSWORD, or as store.password in the credentials file.",
    );
  const [source = "", target = ""] = addresses;
  if (source === target) return no("FROM and TO are the same store.");
  const secret = await passwordOf(configFile, environment);
  try {
    return { ok: true, value: await copyBetween(source, target, () => secret, onProgress) };
  } catch (cause) {
    if (cause instanceof CopyRefused) return no(cause.message);
    const message = cause instanceof Error ? cause.message : String(cause);
    return no(`The copy broke off: ${message}. ${to} holds what it held before; mend that and copy again.`);
  }
}

async function copyBetween(
  source: string,
  target: string,
  password: () => string | undefined,
  onProgress: (progress: StoreCopyProgress) => void,
): Promise<CopyReport> {
  const from = await openCopySide(source, "from", password);
  try {
    const to = await openCopySide(target, "to", password);
    try {
      return await copy(from, to, onProgress);
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

const no = (problem: string): Problems => ({ ok: false, problems: [problem] });
const holdsPassword = (address: string): boolean => URL.canParse(address) && new URL(address).password !== "";

/** As psql takes it; else as a host would. A configuration that is wrong or missing is no reason not to copy. */
async function passwordOf(configFile: string, { PGPASSWORD, ...environment }: Environment): Promise<string | undefined> {
  if (PGPASSWORD) return PGPASSWORD;
  const read = await loadConfig(configFile, environment);
  return read.ok ? read.loaded.credentials.store?.password : undefined;
}
