import type { Registration } from "../shapes.ts";
import { ask } from "./ask.ts";
import { DONE, FAILED, type Invocation, type Leaf } from "./command.ts";
import { findRegistration, REGISTRATION_ARGUMENT } from "./find-registration.ts";
import { printable } from "./printable.ts";
import { present, show } from "./show.ts";

export const authorize: Leaf = {
  name: "authorize",
  summary: "authorise an account with a PIN",
  purpose: [
    "Prints an address. Open it, log in as the account and authorise the app; the page shows a PIN, which is asked for here.",
    "There is one try for each PIN. Without a terminal, or with --json, only the address is printed: the PIN goes in a",
    "second call, with --pin.",
  ],
  arguments: [REGISTRATION_ARGUMENT],
  options: {
    pin: { value: "PIN", help: "the PIN for the address that was printed before; no new one is asked for" },
    enable: { help: "enable the registration as soon as it is authorised" },
  },
  host: true,
  json: true,
  example: "perch registrations authorize ITSM_Notify --enable",
  run: async (invocation) => {
    const found = await findRegistration(invocation);
    if (!found.ok) return present(invocation, found, () => {});
    const pin = invocation.text("pin");
    return pin === undefined ? begin(invocation, found.value) : confirm(invocation, found.value, pin);
  },
};

async function begin(invocation: Invocation, { id, accountName }: Registration): Promise<number> {
  const { screen, io, json } = invocation;
  const answer = await invocation.call("registrations.authorize", { id });
  if (!answer.ok) return present(invocation, answer, () => {});
  const { authorizeUrl } = answer.value;
  if (json) {
    screen.json({ id, authorizeUrl });
    return DONE;
  }
  screen.say(`Open this address, log in as ${printable(accountName)} and authorise the app:`);
  screen.say();
  screen.say(`  ${screen.paint("cyan", printable(authorizeUrl))}`);
  screen.say();
  const later = `perch registrations authorize ${id} --pin PIN`;
  if (!io.stdin.isTTY) {
    screen.say(`Then type the PIN that it shows: ${later}`);
    return DONE;
  }
  const pin = await ask(io, "PIN: ");
  if (!pin) {
    screen.complain(`No PIN was typed; the account is not authorised. While the page is open: ${later}`);
    return FAILED;
  }
  return confirm(invocation, { id }, pin);
}

async function confirm(invocation: Invocation, { id }: { id: string }, pin: string): Promise<number> {
  const confirmed = await invocation.call("registrations.confirm", { id, pin });
  const enable = confirmed.ok && invocation.flag("enable");
  if (enable)
    return show(invocation, "registrations.update", { id, status: "Enabled" }, (registration) => sayDone(invocation, registration));
  return present(invocation, confirmed, (registration) => sayDone(invocation, registration));
}

function sayDone({ screen }: Invocation, registration: Registration): void {
  const facts = [
    registration.protected === undefined ? undefined : registration.protected ? "protected" : "not protected: everybody can read it",
    registration.accessLevel === undefined ? undefined : `access ${printable(registration.accessLevel)}`,
  ].filter((fact) => fact !== undefined);
  const known = facts.length === 0 ? "" : ` (${facts.join(", ")})`;
  screen.say(screen.paint("green", `${printable(registration.accountName)} is authorised${known}, ${registration.status.toLowerCase()}.`));
  if (registration.status === "Disabled") screen.say(`Next: perch registrations enable ${registration.id}`);
}
