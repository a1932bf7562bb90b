/**
 * Every secret that the host has met: of its configuration, and those that come while it runs (tokens of accounts, what
 * is awaited with a PIN, the PIN). They are taken out of the log and of what plug-ins say of failures.
 */
export class KnownSecrets {
  /** The same array until something is added, so that asking for it costs nothing. */
  #texts: readonly string[] = [];
  readonly #known = new Set<string>();

  get texts(): readonly string[] {
    return this.#texts;
  }

  /** Nothing is ever forgotten: what was replaced may still be in flight, or in the error of somebody who kept it. */
  add(texts: Iterable<string>): void {
    const before = this.#known.size;
    for (const text of texts) if (text !== "") this.#known.add(text);
    if (this.#known.size > before) this.#texts = [...this.#known];
  }

  /** For a secret that is worth nothing afterwards: it would take innocent words with it for ever. */
  async during<T>(text: string, work: () => Promise<T>): Promise<T> {
    const fresh = text !== "" && !this.#known.has(text);
    this.add([text]);
    try {
      return await work();
    } finally {
      if (fresh && this.#known.delete(text)) this.#texts = [...this.#known];
    }
  }
}
