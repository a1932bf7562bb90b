/** pino-roll has no types of its own; this is what is used of it, as its JSDoc has it (pino-roll 4). */
declare module "pino-roll" {
  import type pino from "pino";

  type SonicBoom = ReturnType<typeof pino.destination>;
  type SonicBoomOptions = Exclude<Parameters<typeof pino.destination>[0], string | number | undefined>;
  type RollOptions = Omit<SonicBoomOptions, "dest"> & {
    file: string;
    /** A number is in MiB. */
    size?: number;
    frequency?: "daily" | "hourly";
    dateFormat?: string;
    limit?: { count: number; removeOtherLogFiles?: boolean };
  };
  export default function roll(options: RollOptions): Promise<SonicBoom>;
}
