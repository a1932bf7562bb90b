import { HOST_FAULTS, hostFault, reportFault } from "../../ar.ts";
import { statusOf } from "../../rpc/statuses.ts";
import { isAdmin, type Page } from "../page.ts";
import { create, registrationActs } from "../registration-acts.ts";
import { REGISTRATIONS } from "../registration-form.ts";
import { showNew, showRegistration } from "../registration-view.ts";

export const newRegistration: Page = {
  path: `${REGISTRATIONS}/new`,
  async show(asked) {
    if (isAdmin(asked)) return showNew(asked);
    const fault = hostFault(
      "not-allowed",
      `registrations.create needs the role admin; the client ${asked.caller.name} has ${asked.caller.role}`,
      "needs admin",
    );
    return { ok: false, status: statusOf(fault.reason), report: reportFault(fault, HOST_FAULTS) };
  },
  acts: { save: create },
};

export const registration: Page = {
  path: `${REGISTRATIONS}/:id`,
  async show(asked) {
    const found = await asked.call("registrations.get", { id: asked.params.id });
    return found.ok ? showRegistration(asked, found.value) : found;
  },
  acts: registrationActs,
};
