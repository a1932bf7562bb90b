/** What a bench is: two things measured in turns, in one run on one machine, and compared. */

/** `measured` is what is asked about, `baseline` what it is divided by. */
export type Side = "baseline" | "measured";

export type Figure = { name: string; unit: "ms" | "per second"; goal: { atMost: number } | { atLeast: number } };

/** What has been set up for a run. */
export type Rig = {
  /** One turn; a number for each figure, in the figure's unit. */
  turn(side: Side): Promise<Record<string, number>>;
  /** What of all that was counted did not really happen; empty when everything did. */
  verify(): Promise<string[]>;
  close(): Promise<void>;
};

export type Bench = {
  name: string;
  /** What is divided by what, in a sentence. */
  summary: string;
  /** How the load is made, and what keeps what is counted. */
  conditions: Record<string, string>;
  figures: readonly Figure[];
  open(): Promise<Rig>;
};
