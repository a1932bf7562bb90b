import type { Group } from "../command.ts";
import { sayLanes } from "../lane-table.ts";
import { show } from "../show.ts";

const ACCOUNT = { name: "ACCOUNT", help: "the account's name, with or without @" };
const nameOf = (argument: string | undefined) => (argument ?? "").replace(/^@/, "");

export const lanes: Group = {
  name: "lanes",
  summary: "list, pause and resume the lanes (one for each account)",
  example: "perch lanes pause ITSM_Notify",
  subcommands: [
    {
      name: "list",
      summary: "all lanes and why they wait",
      host: true,
      json: true,
      example: "perch lanes list",
      run: (invocation) => show(invocation, "lanes.list", {}, (result) => sayLanes(invocation, result.lanes)),
    },
    {
      name: "pause",
      summary: "post nothing more for an account; what comes in waits",
      arguments: [ACCOUNT],
      host: true,
      json: true,
      example: "perch lanes pause ITSM_Notify",
      run: (invocation) =>
        show(invocation, "lanes.pause", { accountName: nameOf(invocation.args[0]) }, (lane) => {
          invocation.screen.say(`${lane.accountName} is paused; ${lane.queued} queued. Go on with: perch lanes resume ${lane.accountName}`);
        }),
    },
    {
      name: "resume",
      summary: "go on with a paused lane",
      arguments: [ACCOUNT],
      host: true,
      json: true,
      example: "perch lanes resume ITSM_Notify",
      run: (invocation) =>
        show(invocation, "lanes.resume", { accountName: nameOf(invocation.args[0]) }, (lane) => {
          invocation.screen.say(`${lane.accountName} goes on (${lane.state}); ${lane.queued} queued.`);
        }),
    },
  ],
};
