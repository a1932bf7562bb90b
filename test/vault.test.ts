import { randomBytes } from "node:crypto";
import fc from "fast-check";
import t from "tap";
import { openVault, VaultError } from "../src/vault.ts";

const key = (id: string) => ({ id, key: randomBytes(32).toString("base64") });
const november = key("2026-11");
const december = key("2026-12");

t.test("what was sealed opens again, for any text and account", (t) => {
  const vault = openVault([november]);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string(), (plain, associated) => {
      return vault.open(vault.seal(plain, associated), associated) === plain;
    }),
  );
  t.end();
});

t.test("the first key seals, all open", (t) => {
  const old = openVault([november]).seal("token", "a");
  const vault = openVault([december, november]);
  t.equal(vault.currentKeyId, "2026-12");
  t.equal(vault.keyIdOf(old), "2026-11");
  t.equal(vault.open(old, "a"), "token");
  t.equal(vault.keyIdOf(vault.seal("token", "a")), "2026-12");
  t.end();
});

t.test("a sealed value shows nothing and is another each time", (t) => {
  const vault = openVault([november]);
  const sealed = Array.from({ length: 1000 }, () => vault.seal("marked-secret", "a"));
  t.equal(new Set(sealed.map((value) => value.split(".")[2])).size, 1000, "each nonce is used once");
  t.match(sealed[0], /^v1\.2026-11\.[\w-]{16}\.[\w-]+$/);
  t.notMatch(sealed.join(), /marked-secret/);
  t.end();
});

t.test("another account, another key or a changed character does not open", (t) => {
  const vault = openVault([november, december]);
  const sealed = vault.seal("marked-secret", "account-1");
  const refuses = (value: string, associated: string, message: RegExp): void => {
    t.throws(() => vault.open(value, associated), { name: "VaultError", message });
  };
  refuses(sealed, "account-2", /it was changed, or it belongs to another account/);
  refuses(sealed.replace("2026-11", "2026-12"), "account-1", /does not open with the key 2026-12/);
  refuses(sealed.replace("2026-11", "2025-01"), "account-1", /sealed with the key 2025-01, which vault\.keys/);
  refuses(sealed.replace("v1", "v2"), "account-1", /not a value that the vault sealed/);
  refuses("", "account-1", /not a value that the vault sealed/);
  const [version, id, nonce, body] = sealed.split(".");
  const changed = Buffer.from(body!, "base64url");
  for (let index = 0; index < changed.length; index += 1) {
    const copy = Buffer.from(changed);
    copy.writeUInt8(copy.readUInt8(index) ^ 1, index);
    refuses([version, id, nonce, copy.toString("base64url")].join("."), "account-1", /it was changed/);
  }
  refuses([version, id, nonce, changed.subarray(1).toString("base64url")].join("."), "account-1", /it was changed/);
  t.end();
});

t.test("a vault without a usable key is refused without showing the key", (t) => {
  t.throws(() => openVault([]), /has no key/);
  t.throws(() => openVault([november, november]), /same id/);
  t.throws(() => openVault([{ id: "x", key: "bWFya2Vk" }]), new VaultError("The vault's key x must be 32 bytes in base64."));
  t.throws(() => openVault([{ ...november, id: "a.b" }]), /without a dot/);
  t.end();
});
