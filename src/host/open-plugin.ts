import type { Clocks } from "./clocks.ts";
import { Plugin, type PluginOptions, type PluginSettings } from "./plugin.ts";

/** `predecessor`: the one of the same name whose place it is to take. */
export type OpenPlugin = (settings: PluginSettings, predecessor?: Plugin) => Plugin;

type Options = Pick<PluginOptions, "time" | "log" | "proxy"> & {
  clocks: Clocks;
  /** A worker of this plug-in came back: what waited for it may go on. */
  onReady(name: string): void;
};

/** Needs no store, so that a host's plug-ins load while its store opens. */
export const pluginOpener =
  ({ clocks, onReady, ...options }: Options): OpenPlugin =>
  (settings, predecessor) =>
    new Plugin({ ...options, settings, clock: clocks.of(settings.name), onReady: () => onReady(settings.name), predecessor });
