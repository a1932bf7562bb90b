/** What a bench is: things measured in turns, in one run on one machine, and compared. */

import type { Tool } from "../test/install-missing.ts";

/** One number of one side's turn: `side` is one of the bench's, `value` a name among what its turn answers. */
export type Operand = { side: string; value: string };

/** A ratio: `of` ÷ `against`, both in the same unit. */
export type Figure = {
  name: string;
  unit: "ms" | "µs" | "a second" | "MB" | "times";
  of: Operand;
  against: Operand;
  /** Undefined where the ratio is only to be known. */
  goal?: { atMost: number } | { atLeast: number };
};

/** What whoever runs it may ask for. */
export type Wishes = {
  /** How many, where a bench fills something. */
  rows?: number;
};

/** What has been set up for a run. */
export type Rig = {
  /** Conditions that only this run knows. */
  conditions?: Record<string, string>;
  /** One turn of a side; the figures' values by name, each in the figure's unit. */
  turn(side: string): Promise<Record<string, number>>;
  /** What of all that was counted did not really happen; empty when everything did. */
  verify(): Promise<string[]>;
  close(): Promise<void>;
};

export type Bench = {
  name: string;
  /** Programs that it runs; none where it is left out. */
  needs?: readonly Tool[];
  /** What is divided by what, in a sentence. */
  summary: string;
  /** How the load is made, and what keeps what is counted. */
  conditions: Record<string, string>;
  /** In the order of their turns: A B C, A B C, … */
  sides: readonly string[];
  figures: readonly Figure[];
  /** `progress` tells of steps that take long. */
  open(progress: (line: string) => void, wishes: Wishes): Promise<Rig>;
};
