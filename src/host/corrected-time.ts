import type { Plugins } from "./plugins.ts";
import type { Time } from "./time.ts";

/** Milliseconds since 1970, by the first clock that its service has confirmed; else by the machine's. */
export const correctedTime = (plugins: Pick<Plugins, "all">, time: Pick<Time, "wall">) => (): number =>
  plugins.all.find(({ clock }) => clock.earlier() !== undefined)?.clock.now() ?? time.wall();
