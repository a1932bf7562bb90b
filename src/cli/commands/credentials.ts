import { dirname, join, resolve } from "node:path";
import { askEach, readAll } from "../ask.ts";
import { DONE, FAILED, type Group, type Invocation } from "../command.ts";
import { showLines } from "../doctor-lines.ts";
import { rotateKey } from "./rotate-key.ts";

export const credentials: Group = {
  name: "credentials",
  summary: "create and check the credentials file, hash a password, rotate the vault's key",
  example: "perch credentials init",
  subcommands: [
    {
      name: "init",
      summary: "create the credentials file, 0600, with random secrets",
      purpose: ["Never overwrites a file. What belongs to a plug-in stands in it as a comment, to be filled in."],
      options: { file: { value: "FILE", help: "where", fallback: "credentials.yaml beside the configuration" } },
      json: true,
      example: "perch credentials init --file /etc/perch/credentials.yaml",
      run: init,
    },
    {
      name: "hash",
      summary: "make the hash that may stand in place of a client's password",
      purpose: ["Asks for the password on a terminal, or reads it from standard input; never from the command line, which others can see."],
      json: true,
      example: "perch credentials hash < password.txt",
      run: hash,
    },
    {
      name: "check",
      summary: "check the credentials file, and whether the services accept what is in it",
      purpose: ["Mode, shape, vault keys, passwords, each plug-in's secrets. The exit status is 1 when something fails."],
      options: { offline: { help: "don't ask the services" } },
      json: true,
      example: "perch credentials check --offline",
      run: (invocation) =>
        showLines(
          invocation,
          invocation.machine.checkCredentials(invocation.configFile, { offline: invocation.flag("offline") }),
          "Looking …",
        ),
    },
    rotateKey,
  ],
};

async function init(invocation: Invocation): Promise<number> {
  const { io, machine, screen, configFile, json } = invocation;
  const wanted = invocation.text("file");
  const file = wanted === undefined ? join(dirname(configFile), "credentials.yaml") : resolve(io.cwd, wanted);
  const made = await machine.initCredentials(file);
  if (!made.ok) {
    if (json) screen.json({ ok: false, problems: made.problems });
    else for (const problem of made.problems) screen.complain(screen.paint("red", problem));
    return FAILED;
  }
  if (json) screen.json({ file: made.file });
  else {
    screen.say(`${made.file} is there now, readable by you alone; its passwords and its vault key are random.`);
    screen.say("Next: fill in the plug-in's part, then run `perch check`.");
  }
  return DONE;
}

async function hash(invocation: Invocation): Promise<number> {
  const { io, machine, screen, json } = invocation;
  const read = io.stdin.isTTY ? await askTwice(invocation) : (await readAll(io)).replace(/\r?\n$/, "");
  if (read === undefined) {
    screen.complain(screen.paint("red", "The two passwords differ, or none was typed; nothing was hashed. Try again."));
    return FAILED;
  }
  if (read === "") return invocation.misuse("No password came on standard input.");
  const hashed = await machine.hashPassword(read);
  if (json) screen.json({ hash: hashed });
  else screen.say(hashed);
  return DONE;
}

async function askTwice({ io }: Invocation): Promise<string | undefined> {
  const [first, second] = await askEach(io, ["Password: ", "Once more: "], true);
  return first === second && first !== "" ? first : undefined;
}
