import t from "tap";
import { hashPassword, isHashed, verifyPassword } from "../../src/config/password.ts";

t.test("a password fits its hash and no other", async (t) => {
  const hash = await hashPassword("ünïcode pass");
  t.match(hash, /^scrypt\$32768\$8\$1\$/);
  t.ok(isHashed(hash));
  t.ok(await verifyPassword("ünïcode pass", hash));
  t.notOk(await verifyPassword("unicode pass", hash));
  t.notOk(await verifyPassword(hash, hash), "the hash itself opens nothing");
  t.not(await hashPassword("ünïcode pass"), hash, "each hash has a salt of its own");
});

t.test("a plain password fits itself", async (t) => {
  t.ok(await verifyPassword("p", "p"));
  t.notOk(await verifyPassword("p", "pp"));
  t.notOk(await verifyPassword("", "p"));
  t.notOk(isHashed("p"));
});

t.test("a hash with a senseless cost fits nothing and does not throw", async (t) => {
  const [, , , , salt, hash] = (await hashPassword("p")).split("$");
  for (const cost of ["3$8$1", "0$8$1", "9999999$99$99", "1048576$8$1"])
    t.notOk(await verifyPassword("p", `scrypt$${cost}$${salt}$${hash}`));
});
