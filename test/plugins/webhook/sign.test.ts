/** Signatures are judged by the specification's own package. */
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import t from "tap";
import { sign } from "../../../plugins/webhook/sign.ts";

const keys = fc.uint8Array({ minLength: 24, maxLength: 64 }).map((bytes) => `whsec_${Buffer.from(bytes).toString("base64")}`);
const now = () => Math.floor(Date.now() / 1000);

t.test("any body that is signed with any secret verifies, and with another it does not", async (t) => {
  const property = fc.property(fc.string({ unit: "binary" }), keys, keys, (body, secret, other) => {
    fc.pre(secret !== other);
    const headers = sign({ id: "msg_1_0", timestampSeconds: now(), body }, secret);
    new Webhook(secret).verify(body, headers, { jsonParse: false });
    let refused = false;
    try {
      new Webhook(other).verify(body, headers, { jsonParse: false });
    } catch {
      refused = true;
    }
    return refused;
  });
  t.doesNotThrow(() => fc.assert(property));
});

t.test("the package makes the same signature", async (t) => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const timestampSeconds = 1_614_265_330;
  const body = '{"test": 2432232314}';
  const headers = sign({ id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestampSeconds, body }, secret);
  const theirs = new Webhook(secret).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", new Date(timestampSeconds * 1000), body);
  t.equal(headers["webhook-signature"], theirs);
  t.equal(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "the example that its libraries share");
});

t.test("with several secrets each receiver finds its own signature", async (t) => {
  const secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", `whsec_${Buffer.alloc(64, 7).toString("base64")}`];
  const headers = sign({ id: "msg_1_0", timestampSeconds: now(), body: "{}" }, secrets.join(" "));
  t.match(headers["webhook-signature"], /^v1,\S{44} v1,\S{44}$/);
  for (const secret of secrets) t.doesNotThrow(() => new Webhook(secret).verify("{}", headers));
});
