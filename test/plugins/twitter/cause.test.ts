import t from "tap";
import { causeOf } from "../../../plugins/twitter/cause.ts";
import { FAULTS } from "../../../plugins/twitter/faults.ts";
import { reportFault } from "../../../src/ar.ts";

const LINE =
  "Error in plugin : 401:Authentication credentials (http://dev.twitter.com/pages/auth) were missing or incorrect. Ensure that you have set valid consumer key/secret, access token/secret, and the system clock in sync. Failed to validate oauth signature and token (ARERR 8753)";

t.test("X's old 401 makes the line that workflow matches on, to the letter", async (t) => {
  const cause = causeOf(401, "Failed to validate oauth signature and token");
  t.equal(reportFault({ reason: "clock-skew", cause }, FAULTS).message, LINE);
});

t.test("a status without a text of its own is only named, as Twitter4J does", async (t) => {
  t.equal(causeOf(418), "418:");
  t.equal(causeOf(418, "I am a teapot"), "418:I am a teapot");
});

t.test("what X says follows the cause after one blank", async (t) => {
  t.equal(causeOf(403, "No."), "403:The request is understood, but it has been refused. No.");
});
