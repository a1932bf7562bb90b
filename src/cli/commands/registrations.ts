import type { Registration, RegistrationDraft } from "../../shapes.ts";
import { ask } from "../ask.ts";
import { authorize } from "../authorize.ts";
import { DONE, FAILED, type Group, type Invocation, type Leaf } from "../command.ts";
import { findRegistration, REGISTRATION_ARGUMENT } from "../find-registration.ts";
import { adviceOnUser } from "../near-users.ts";
import { printable } from "../printable.ts";
import { present, show } from "../show.ts";
import { stateCell } from "../state-style.ts";

const list: Leaf = {
  name: "list",
  summary: "all registrations",
  host: true,
  json: true,
  example: "perch registrations list",
  run: (invocation) => show(invocation, "registrations.list", {}, (result) => sayRegistrations(invocation, result.registrations)),
};

function sayRegistrations({ screen }: Invocation, registrations: readonly Registration[]): void {
  if (registrations.length === 0 && screen.isTerminal) {
    screen.say("There is no registration yet. Begin with: perch registrations create --user NAME --account NAME");
    return;
  }
  screen.table(
    ["ID", "ACCOUNT", "STATUS", "AUTHORIZATION", "PROTECTED", "CONTENT", "COMPANY", "MECHANISM", "FUNCTIONAL USER"],
    registrations.map((registration) => [
      registration.id,
      registration.accountName,
      stateCell(registration.status),
      stateCell(registration.authorization),
      registration.protected === undefined ? "" : registration.protected ? "yes" : { text: "no", style: "yellow" },
      registration.content,
      registration.company,
      registration.mechanism,
      registration.functionalUser,
    ]),
    8,
  );
  if (!screen.isTerminal) return;
  for (const { accountName, advice } of registrations)
    if (advice !== undefined) screen.say(`${printable(accountName)}: ${printable(advice)}`);
}

const create: Leaf = {
  name: "create",
  summary: "register a functional account",
  options: {
    user: { short: "u", value: "NAME", help: "AR Functional User", required: true },
    account: { short: "a", value: "NAME", help: "Associated Account Name", required: true },
    content: { short: "c", value: "NAME", help: "Notification Content", fallback: "Broadcast" },
    company: { value: "NAME", help: "Company", fallback: "Global" },
    mechanism: { value: "NAME", help: "Notification Mechanism", fallback: "the one that is loaded" },
    status: { value: "STATUS", help: "only an authorised account can be enabled", choices: ["Enabled", "Disabled"], fallback: "Disabled" },
  },
  host: true,
  json: true,
  example: 'perch registrations create --user "Allen Allbrook" --account ITSM_Notify',
  run: async (invocation) => {
    const { screen, json } = invocation;
    const draft = draftOf(invocation);
    const status = await show(invocation, "registrations.create", draft, (registration) => {
      screen.say(`${printable(registration.accountName)} is registered: ${registration.id} (${registration.status})`);
      const next = nextStep(registration);
      if (next !== undefined) screen.say(`Next: ${next}`);
    });
    if (status !== DONE || json || !screen.isTerminal) return status;
    const advice = await adviceOnUser(invocation, draft.functionalUser);
    if (advice !== undefined) screen.complain(advice);
    return status;
  },
};

function nextStep({ authorization, advice, status, id }: Registration): string | undefined {
  if (authorization !== "authorized") return advice === undefined ? `perch registrations authorize ${id}` : printable(advice);
  return status === "Enabled" ? undefined : `perch registrations enable ${id}`;
}

function draftOf(invocation: Invocation): RegistrationDraft {
  const [content, company, mechanism] = ["content", "company", "mechanism"].map(invocation.text);
  const status = invocation.text("status");
  return {
    functionalUser: invocation.text("user") ?? "",
    accountName: (invocation.text("account") ?? "").replace(/^@/, ""),
    ...(content !== undefined && { content }),
    ...(company !== undefined && { company }),
    ...(mechanism !== undefined && { mechanism }),
    ...(status !== undefined && { status: status === "Enabled" ? "Enabled" : "Disabled" }),
  };
}

const change = (name: "enable" | "disable", status: "Enabled" | "Disabled", summary: string): Leaf => ({
  name,
  summary,
  arguments: [REGISTRATION_ARGUMENT],
  host: true,
  json: true,
  example: `perch registrations ${name} ITSM_Notify`,
  run: async (invocation) => {
    const found = await findRegistration(invocation);
    if (!found.ok) return present(invocation, found, () => {});
    return show(invocation, "registrations.update", { id: found.value.id, status }, (registration) => {
      invocation.screen.say(`${printable(registration.accountName)} is ${registration.status.toLowerCase()} now (${registration.id}).`);
    });
  },
});

const remove: Leaf = {
  name: "delete",
  summary: "delete a registration; what is queued for it is cancelled",
  arguments: [REGISTRATION_ARGUMENT],
  options: { yes: { short: "y", help: "do not ask" } },
  host: true,
  json: true,
  example: "perch registrations delete ITSM_Notify --yes",
  run: async (invocation) => {
    const found = await findRegistration(invocation);
    if (!found.ok) return present(invocation, found, () => {});
    const { accountName, id, functionalUser } = found.value;
    if (!invocation.flag("yes")) {
      if (!invocation.io.stdin.isTTY) return invocation.misuse("To delete without being asked, say --yes.");
      const question = `Delete the registration of ${printable(accountName)} for ${printable(functionalUser)} (${id})? Type yes: `;
      if ((await ask(invocation.io, question))?.toLowerCase() !== "yes") {
        invocation.screen.complain("Nothing was deleted.");
        return FAILED;
      }
    }
    return show(invocation, "registrations.delete", { id }, ({ cancelled }) => {
      invocation.screen.say(`The registration of ${printable(accountName)} is deleted; deliveries cancelled: ${cancelled.length}.`);
    });
  },
};

export const registrations: Group = {
  name: "registrations",
  summary: "list, create, authorise, enable, disable and delete registrations",
  example: "perch registrations list",
  subcommands: [
    list,
    create,
    authorize,
    change("enable", "Enabled", "let broadcasts go to an authorised account"),
    change("disable", "Disabled", "hold broadcasts back; what is queued waits, and expires"),
    remove,
  ],
};
