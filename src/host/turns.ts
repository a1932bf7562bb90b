/** Does one thing after the other; what is asked for again before its turn has come is done once. */
export class Turns {
  readonly #waiting = new Set<string>();
  readonly #onFailure: (cause: unknown) => void;
  #last: Promise<void> = Promise.resolve();

  constructor(onFailure: (cause: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** `name`: what is the same thing. */
  ask(name: string, work: () => Promise<void> | void): void {
    if (this.#waiting.has(name)) return;
    this.#waiting.add(name);
    this.#last = this.#last
      .then(() => {
        // From now on it may miss what is asked for.
        this.#waiting.delete(name);
        return work();
      })
      .catch(this.#onFailure);
  }

  /** Resolves when nothing that was asked for before is left to do. */
  done(): Promise<void> {
    return this.#last;
  }
}
