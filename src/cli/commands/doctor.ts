import type { Leaf } from "../command.ts";
import { showLines } from "../doctor-lines.ts";

const LOCAL = "not of use here: it looks into files, so it runs on the host's machine";

export const doctor: Leaf = {
  name: "doctor",
  summary: "look at all that can keep broadcasts from going out, and say what to do",
  purpose: [
    "Files, host, port, store, disk and clock; then what each plug-in looks at: for Twitter DNS, proxy, TCP, TLS, the clock against X,",
    "the consumer key, and of each account its token, permission and protection. Works with and without a running host, posts",
    "nothing and changes nothing. Each line is ok, warn, fail or skipped; the exit status is 1 when one failed.",
    "Run it on the host's machine, as the host's user and in its environment: it looks at the same files and the same proxy.",
  ],
  options: { url: { value: "URL", help: LOCAL }, client: { value: "NAME", help: LOCAL } },
  json: true,
  example: "perch doctor --config /etc/perch/perch.yaml",
  run: async (invocation) => {
    const { machine, configFile } = invocation;
    if (invocation.text("url") !== undefined || invocation.text("client") !== undefined) {
      return invocation.misuse("perch doctor looks into files, so it takes no --url and no --client: run it on the host's machine.");
    }
    return showLines(invocation, machine.diagnose(configFile), "Looking …");
  },
};
