/** What each plug-in with a mechanism must keep, kept by this one: the kit's own suite, with a service that breaks. */
import t from "tap";
import { checkPlugin, type ServiceAnswer, type ServiceRequest } from "../../../src/kit/kit.ts";

/** X when all is well. */
function accepts({ path }: ServiceRequest): ServiceAnswer {
  if (path.startsWith("/2/users/me")) return { body: { data: { id: "7", username: "ITSM_Notify", protected: true } } };
  if (path.startsWith("/2/users/")) return { body: { data: [], meta: { result_count: 0 } } };
  return { status: 201, body: { data: { id: "100", text: "as it was sent" } } };
}

t.test("it keeps the contract", (t) =>
  checkPlugin(t, {
    module: new URL("../../../plugins/twitter/index.ts", import.meta.url),
    settings: (url) => ({ apiBaseUrl: url }),
    secrets: () => ({ consumerKey: "marked-consumer-key", consumerSecret: "marked-consumer-secret" }),
    account: { id: "7", name: "ITSM_Notify", token: { accessToken: "marked-token", accessTokenSecret: "marked-token-secret" } },
    accepts,
  }),
);
