/** The smallest log that the host needs; pino's loggers fit it. */
export type LogLine = (fields: Record<string, unknown>, sentence: string) => void;
export type LevelLog = Record<"debug" | "info" | "warn" | "error", LogLine>;
export type HostLog = {
  root: LevelLog;
  forPlugin(name: string): LevelLog;
  /** Answers the level in force, or undefined for an unknown one. */
  setLevel(level: string, plugin?: string): string | undefined;
  /** Back to the level of the configuration: the plug-in's own, or else the host's. Answers it. */
  resetLevel(plugin?: string): string;
  /** Takes every known secret out of a text. */
  scrub(text: string): string;
};
