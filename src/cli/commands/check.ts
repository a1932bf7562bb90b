import { DONE, FAILED, type Leaf } from "../command.ts";

export const check: Leaf = {
  name: "check",
  summary: "validate configuration and credentials",
  purpose: ["Each problem is a line `file:line:column: what is wrong`; without any the exit status is 0."],
  json: true,
  example: "perch check --config config/perch.yaml",
  run: async ({ machine, screen, configFile, json }) => {
    const { problems, summary } = await machine.checkConfiguration(configFile);
    const status = problems.length === 0 ? DONE : FAILED;
    if (json) {
      screen.json({ ok: problems.length === 0, problems, summary });
      return status;
    }
    for (const problem of problems) screen.say(screen.paint("red", problem));
    if (problems.length > 0) screen.say(problems.length === 1 ? "1 problem." : `${problems.length} problems.`);
    else for (const line of [...summary, screen.paint("green", "The configuration is right.")]) screen.say(line);
    return status;
  },
};
