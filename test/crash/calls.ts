/** Callers that go on while hosts die: one for each account, one call after the other, so that the order of acceptance is known. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Delivery, NotifyRequest } from "../../src/shapes.ts";

export type CallsOptions = {
  accounts: readonly string[];
  random: () => number;
  notify(request: NotifyRequest): Promise<unknown>;
  /** After the first few calls of each caller. */
  trickleMs: number;
  /** Another host may take the next call; else a caller whose call failed has nobody to call. */
  goesOn: boolean;
};
export type Hooks = { onCalled(): void; onReplied(): void };

const BURST = 6;
const QUIET: Hooks = { onCalled: () => {}, onReplied: () => {} };

export class Calls {
  /** Texts that were answered with success. */
  readonly accepted = new Set<string>();
  unanswered = 0;
  readonly #options: CallsOptions;
  #count = 0;
  #going = false;
  #callers: Promise<void>[] = [];

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  begin(hooks: Hooks = QUIET): void {
    this.#going = true;
    this.#callers = this.#options.accounts.map((name) => this.#keepCalling(name, hooks));
  }

  async end(): Promise<void> {
    this.#going = false;
    await Promise.all(this.#callers);
  }

  /** Accepted, and not among the deliveries. */
  missing(deliveries: readonly Delivery[]): string[] {
    const kept = new Set(deliveries.map(({ text }) => text));
    return [...this.accepted].filter((text) => !kept.has(text)).map((text) => `answered with success and not kept: ${text}`);
  }

  async #keepCalling(functionalUser: string, { onCalled, onReplied }: Hooks): Promise<void> {
    for (let calls = 0; this.#going; calls += 1) {
      // After a burst a trickle, so that hosts are in trouble while they post and not only while they accept.
      if (calls >= BURST) await sleep(this.#options.trickleMs);
      const text = this.#nextText(functionalUser);
      const answer = this.#options.notify({ text, functionalUser });
      onCalled();
      try {
        await answer;
        this.accepted.add(text);
        onReplied();
      } catch {
        // The host was gone before it said yes: the delivery may be kept or not, but never half.
        this.unanswered += 1;
        if (!this.#options.goesOn) return;
      }
    }
  }

  #nextText(functionalUser: string): string {
    this.#count += 1;
    const sentences = this.#options.random() < 0.2 ? 14 : 1;
    return Array.from({ length: sentences }, (_, index) => `Notice ${this.#count} for ${functionalUser}, sentence ${index}.`).join(" ");
  }
}
