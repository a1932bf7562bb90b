/** The line about the users' directory. */
import type { LoadedConfig } from "../config/load.ts";
import type { DiagnosisLine } from "../contract.ts";
import { openArDirectory } from "../directory/ar-directory.ts";

/** Logs in to AR System and counts who can be seen there; a file has been read with the configuration. */
export async function directoryLine(directory: NonNullable<LoadedConfig["directory"]>): Promise<DiagnosisLine> {
  if ("users" in directory)
    return counted(`${directory.file} holds`, directory.users.length, "Fill it, or take directory out of perch.yaml.");
  const { arServer, logIn } = directory;
  const opened = openArDirectory({ arServer, logIn }, () => performance.now());
  const answer = await opened.count();
  await opened.close();
  if (!answer.ok) return { check: "directory", state: "fail", found: answer.fault.cause, remedy: answer.fault.advice ?? "" };
  const { users, more } = answer.value;
  const remedy = `Let ${logIn.username} read the form User and its fields Login Name, Full Name and Email Address.`;
  return counted(`AR System at ${arServer.url} shows ${logIn.username}${more ? " at least" : ""}`, users, remedy);
}

/** `remedy`: for where there is nobody. */
function counted(where: string, users: number, remedy: string): DiagnosisLine {
  const found = `${where} ${users} user${users === 1 ? "" : "s"}`;
  return users > 0 ? { check: "directory", state: "ok", found } : { check: "directory", state: "warn", found, remedy };
}
