/** The files that a store's address names: the database itself, or those that secure the way to it. */
import { resolve } from "node:path";

const FILE_OPTIONS = ["sslrootcert", "sslcert", "sslkey"] as const;

/** The same address with absolute paths, which were relative to `folder`. */
export function absoluteStore(address: string, folder: string): string {
  if (address.startsWith("sqlite:")) return `sqlite:${resolve(folder, address.slice("sqlite:".length))}`;
  return address.replace(/([?&](?:sslrootcert|sslcert|sslkey)=)([^&#]+)/g, (_whole, option: string, file: string) => {
    return option + encodeURIComponent(resolve(folder, decoded(file))).replaceAll("%2F", "/");
  });
}

/** What must be there before a connection is tried. */
export function filesOfStore(address: string): string[] {
  if (address.startsWith("sqlite:") || !URL.canParse(address)) return [];
  const options = new URL(address).searchParams;
  return FILE_OPTIONS.flatMap((option) => options.get(option) || []);
}

/** A lone % is no escape; such a name stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
