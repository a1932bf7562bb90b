/** The lines about the store, and what stands in it. */
import type { DiagnosisLine } from "../contract.ts";
import type { StoreInspection } from "../store/inspect.ts";
import type { HostAnswer } from "./ask-host.ts";

type Found = Pick<DiagnosisLine, "state" | "found" | "remedy">;
type Readable = Extract<StoreInspection, { state: "readable" }>;

export const storeLine = (url: string, store: StoreInspection, host: HostAnswer["state"]): DiagnosisLine => ({
  check: "store",
  ...foundOf(url, store, host),
});

const WRITE = "Let the host's user write the file, its folder and the files beside it; is the file system mounted read-only?";

function foundOf(url: string, store: StoreInspection, host: HostAnswer["state"]): Found {
  switch (store.state) {
    case "served":
      return servedOf(store);
    case "unreachable":
    case "unreadable":
      return { state: "fail", found: store.cause, remedy: "What to do stands in it; the host would not start with this store." };
    case "new":
      if (store.writable) return { state: "ok", found: `${url} is not there yet; the host makes it at its start` };
      return {
        state: "fail",
        found: `${url} is not there, and can't be made in ${store.place}`,
        remedy: "Let the host's user write that folder, or give store another file.",
      };
    case "readable":
      return readableOf(url, store, host);
  }
}

function readableOf(url: string, { version, newest, inUse, writable }: Readable, host: HostAnswer["state"]): Found {
  if (version > newest) {
    const found = `${url} has schema version ${version}, and this Perch knows ${newest}`;
    return { state: "fail", found, remedy: "It was used by a newer Perch: start that one, or give store another file." };
  }
  if (!writable) return { state: "fail", found: `${url} can't be written`, remedy: WRITE };
  if (inUse && host === "stopped") {
    const found = `${url} is in use by a host that server.socket does not lead to`;
    return { state: "fail", found, remedy: "Stop that host (fuser names its process), or give this one a store of its own." };
  }
  if (version < newest) {
    const found = `${url} has schema version ${version}; the host brings it to ${newest} at its start`;
    return { state: "warn", found, remedy: "Back it up first: an older Perch can't read it afterwards." };
  }
  return { state: "ok", found: `${url} opens, schema version ${version}${inUse ? ", in use by the running host" : ""}` };
}

function servedOf({ name, server, readOnly, version, newest, compatible, hosts }: Extract<StoreInspection, { state: "served" }>): Found {
  const about = `${name} answers, PostgreSQL ${server}`;
  if (readOnly)
    return {
      state: "fail",
      found: `${about}, and takes no writes`,
      remedy: "It is a copy that can only be read: name the primary in store.",
    };
  if (compatible > newest) {
    const found = `${about}; its schema version ${version} needs hosts that know ${compatible}, and this Perch knows ${newest}`;
    return { state: "fail", found, remedy: "It was used by a newer Perch: start that one, or give store another database." };
  }
  if (version === 0) return { state: "ok", found: `${about}; the host makes its tables at its start` };
  if (version < newest) {
    const found = `${about}, schema version ${version}; the first host of this version brings it to ${newest}`;
    return { state: "warn", found, remedy: "Back it up first (pg_dump)." };
  }
  const others = hosts.length === 0 ? "no host works on it" : `in use by ${hosts.map((host) => host.name).join(", ")}`;
  return { state: "ok", found: `${about}, schema version ${version}, ${others}` };
}
