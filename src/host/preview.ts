/** How a text would be posted, and where: asked of the plug-in and the registrations, as a notification would ask them. */
import { type Answer, done, hostFault, refused, reportFault } from "../ar.ts";
import type { Composition } from "../contract.ts";
import type { Preview, PreviewRequest } from "../shapes.ts";
import { DEFAULT_CONTENT, type Target, targetsOf, textFault } from "./accept.ts";
import type { Accounts } from "./accounts.ts";
import { sameName } from "./names.ts";
import { obstacles } from "./obstacle.ts";
import type { Plugins } from "./plugins.ts";
import type { Registrations } from "./registrations.ts";
import { compositionFrom } from "./verdict-check.ts";

export type PreviewParts = { plugins: Plugins; accounts: Accounts; registrations: Registrations };

/** Refused as composing it would be, and as `not-registered` where the functional user is not. */
export async function preview(request: PreviewRequest, { plugins, accounts, registrations }: PreviewParts): Promise<Answer<Preview>> {
  const { text, content = DEFAULT_CONTENT, functionalUser, mechanism: wanted } = request;
  const fault = textFault(text);
  if (fault) return refused(fault);
  const isWanted = ({ mechanism }: { mechanism: string }) => sameName(mechanism, wanted ?? mechanism);
  const registration = registrations.all.find(
    (one) => one.functionalUser === functionalUser && one.content === (request.content ?? one.content) && isWanted(one),
  );
  const who = [request.content, functionalUser, wanted].filter((part) => part !== undefined).join(", ");
  if (functionalUser !== undefined && !registration) return refused(hostFault("not-registered", `nobody is registered for ${who}`));
  const notice = { text, content, ...(functionalUser !== undefined && { functionalUser }) };
  const targets = targetsOf(notice, registrations.all, (lane) => accounts.get(lane), obstacles(plugins, accounts));
  // One that it would go to, rather than one that is disabled or not authorised.
  const target = targets.ok ? targets.value.find((one) => isWanted(one.registration)) : undefined;
  const first = target?.registration ?? registration;
  const mechanism = await plugins.mechanism(wanted ?? first?.mechanism);
  if (!mechanism.ok) return mechanism;
  const accountName = first?.accountName ?? "";
  const composed = compositionFrom(await mechanism.value.plugin.call("compose", { text, content, entryId: null, accountName }));
  if (!composed.ok) return composed;
  const nowhere = targets.ok ? {} : { nowhere: reportFault(targets.fault, plugins.faults) };
  return done({ ...presentComposition(composed.value), accounts: targets.ok ? targets.value.map(presentTarget) : [], ...nowhere });
}

const presentComposition = ({ posts, overflow, limit }: Composition): Pick<Preview, "posts" | "overflow" | "limit"> => ({
  posts: posts.map(({ text, weightedLength, valid }) => ({ text, weightedLength, valid })),
  overflow,
  ...(limit !== undefined && { limit }),
});

const presentTarget = ({ registration, account }: Target): Preview["accounts"][number] => ({
  accountName: account.accountName,
  functionalUser: registration.functionalUser,
  mechanism: registration.mechanism,
});
