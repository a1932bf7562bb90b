/** The vault in force, and which of its keys seals: in a group one that every host can open with. */
import { isDeepStrictEqual } from "node:util";
import type { GroupHost } from "../store/store.ts";
import { openVault, type Vault, type VaultKey } from "../vault.ts";

/** Another host of the group. */
export type Other = Pick<GroupHost, "name" | "keyIds">;

export class VaultKeys {
  #keys: readonly VaultKey[];
  #vault: Vault;
  #waitsFor: readonly string[] = [];

  constructor(keys: readonly VaultKey[]) {
    this.#keys = keys;
    this.#vault = openVault(keys);
  }

  get vault(): Vault {
    return this.#vault;
  }

  /** Id of the key that stands first, and seals once every host knows it. */
  get firstId(): string {
    return this.#keys[0]?.id ?? "";
  }

  /** All that are known, the one that seals first. */
  get ids(): string[] {
    const { currentKeyId } = this.#vault;
    return [currentKeyId, ...this.#keys.map(({ id }) => id).filter((id) => id !== currentKeyId)];
  }

  /** Names of hosts that lack the first key. */
  get waitsFor(): readonly string[] {
    return this.#waitsFor;
  }

  differFrom(keys: readonly VaultKey[]): boolean {
    return !isDeepStrictEqual(keys, this.#keys);
  }

  /**
   * Puts keys in force. The first that all others know seals; where they can't be asked now (undefined), the one that
   * did so far.
   */
  use(keys: readonly VaultKey[], others: readonly Other[] | undefined): void {
    const now = this.#vault.currentKeyId;
    const maySeal = ({ id }: VaultKey) => (others ? others.every(({ keyIds }) => keyIds.includes(id)) : id === now);
    const sealing = keys.find(maySeal) ?? keys[0];
    this.#keys = keys;
    this.#vault = openVault(keys.toSorted((one, other) => Number(other === sealing) - Number(one === sealing)));
    if (others) this.#waitsFor = others.filter(({ keyIds }) => !keyIds.includes(this.firstId)).map(({ name }) => name);
  }

  /** The same keys, now that others may have learned them. */
  look(others: readonly Other[] | undefined): void {
    this.use(this.#keys, others);
  }
}
