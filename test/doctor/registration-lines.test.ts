import t from "tap";
import { homelessLines, registrationLines } from "../../src/doctor/registration-lines.ts";
import { storedRegistration } from "../host/stored.ts";

const waiting = { mechanism: "Webhook", lane: null, accountName: "Pager" };
const linesOf = (mechanism: object, secrets: unknown, ...registrations: Parameters<typeof storedRegistration>[0][]) => [
  ...registrationLines({
    plugin: "webhook",
    mechanism: { name: "Webhook", alertFilter: "A.ALRT", ...mechanism },
    registrations: registrations.map(storedRegistration),
    secrets,
  }),
];

t.test("an account that is missing is to be authorised, or to be put into the credentials file where there is no PIN", async (t) => {
  t.match(linesOf({}, {}, waiting), [
    { check: "registration", state: "warn", remedy: "Authorise it: perch registrations authorize Pager" },
  ]);
  t.match(linesOf({ withoutPin: true }, {}, waiting), [{ state: "warn", remedy: /^There is no PIN: .* plugins\.webhook\.accounts/ }]);
});

t.test("what is disabled, authorised, in the credentials file or of another mechanism is not told", async (t) => {
  const secrets = { accounts: { pager: { url: "https://x.example" } } };
  t.strictSame(linesOf({ withoutPin: true }, secrets, waiting), []);
  const others = [
    { ...waiting, enabled: false },
    { ...waiting, lane: "webhook:Pager" },
    { ...waiting, mechanism: "Twitter" },
  ];
  t.strictSame(linesOf({ withoutPin: true }, {}, ...others), []);
});

t.test("a registration of a mechanism that no plug-in offers is named; one that is disabled is not", (t) => {
  const registrations = [waiting, { mechanism: "Twitter" }, { mechanism: "Fax", enabled: false }].map((one) => storedRegistration(one));
  t.match(
    [...homelessLines(registrations, new Set(["twitter"]))],
    [{ state: "warn", found: /by Webhook, which no plug-in/, remedy: /plugins/ }],
  );
  t.equal([...homelessLines(registrations, new Set(["twitter"]))].length, 1);
  t.end();
});
