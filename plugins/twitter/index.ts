/** The Twitter plug-in: BMC's `ARSYS.ALRT.TWITTER` and `ARSYS.ARF.TWITTER`, on X's API of today. */
import { definePlugin, type PluginContext } from "../../src/contract.ts";
import { authorize, confirm } from "./authorize.ts";
import type { Sender } from "./deliver.ts";
import { FAULTS } from "./faults.ts";
import { CHANCE, createServices } from "./service.ts";
import { completeSettings, Secrets, Settings } from "./settings.ts";
import { probeAccount } from "./users-me.ts";

type Context = PluginContext<Settings, Secrets>;

const services = createServices(CHANCE);

/**
 * What only a host with something to post needs: twitter-text with its tables is 250 modules and 20 MB. The first text
 * loads it, once: an `import` of what is there already still costs more than a signature.
 */
const loadPosting = async () => {
  const [{ compose }, { deliver }, { lookUp }] = await Promise.all([
    import("./compose.ts"),
    import("./deliver.ts"),
    import("./look-up.ts"),
  ]);
  return { compose, deliver, lookUp };
};
let loading: ReturnType<typeof loadPosting> | undefined;
function posting(): ReturnType<typeof loadPosting> {
  loading ??= loadPosting();
  return loading;
}

/** The account of the call with its token; the host gives both with every call that is for an account. */
function senderOf({ account }: Context): Sender {
  if (account === undefined) throw new Error("The call came without an account");
  const { accessToken: key, accessTokenSecret: secret } = account.token;
  if (key === undefined || secret === undefined) throw new Error(`There is no access token for ${account.name}`);
  return { account, token: { key, secret } };
}

export default definePlugin<Settings, Secrets>({
  apiVersion: 1,
  settingsSchema: Settings,
  secretsSchema: Secrets,
  faults: FAULTS,
  // Opens the connections, so that a caFile that can't be read is told at the start and not with the first post.
  initialize: (context) => {
    services.for(context);
  },
  onEvent: (_event, context) => services.renew(context),
  terminate: () => services.close(),
  async tryCredentials(candidate, context) {
    const { tryCredentials } = await import("./try-credentials.ts");
    return tryCredentials(candidate, context, CHANCE);
  },
  mechanism: {
    name: "Twitter",
    alertFilter: "ARSYS.ALRT.TWITTER",
    registrationFilter: "ARSYS.ARF.TWITTER",
    authorize: (request, context) => authorize(services.for(context), request, context),
    confirm: (request, context) => confirm(services.for(context), request, context),
    compose: async (notification, context) => (await posting()).compose(notification, completeSettings(context.settings).text),
    deliver: async (post, context) => (await posting()).deliver(services.for(context), post, senderOf(context), context),
    lookUp: async (post, context) => (await posting()).lookUp(services.for(context), post, senderOf(context), context),
    probe: (context) => probeAccount(services.for(context), senderOf(context).token, context),
  },
  async *diagnose(request, context) {
    const { diagnose } = await import("./diagnose.ts");
    yield* diagnose(services.for(context), request, context);
  },
  sandbox: async () => {
    const [{ start }, { demo }] = await Promise.all([import("./sandbox/start.ts"), import("./demo.ts")]);
    return { start, demo };
  },
});
