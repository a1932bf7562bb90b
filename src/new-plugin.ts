/** Makes a new plug-in out of a template that this checkout ships, which is a plug-in that runs and is tested itself. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { NewPlugin, NewPluginOptions, Problems } from "./cli/machine.ts";

const CHECKOUT = fileURLToPath(new URL("..", import.meta.url));
/** As the folders of `plugins/` are named. A longer name would leave the lines of the templates. */
const NAME = /^(?=.{1,30}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

type Draft = { source: string; target: string };

/** Nothing is written where one of the files exists. */
export async function newPlugin({ name, filterOnly, folder }: NewPluginOptions, checkout = CHECKOUT): Promise<NewPlugin | Problems> {
  if (!NAME.test(name))
    return refuse(`"${name}" is no name for a plug-in: lower-case words with dashes between them, at most 30 characters (my-pager)`);
  const template = filterOnly ? "template-filter" : "template";
  const module = {
    source: moduleIn(checkout, template),
    target: folder === undefined ? moduleIn(checkout, name) : join(folder, name, "index.ts"),
  };
  const test = {
    source: testIn(checkout, template),
    target: folder === undefined ? testIn(checkout, name) : join(folder, name, "index.test.ts"),
  };
  const missing = [module.source, test.source].find((file) => !existsSync(file));
  if (missing !== undefined) return refuse(`${missing} is missing: a new plug-in is made in a checkout of Perch, which has its tests too`);
  const taken = [module.target, test.target].find((file) => existsSync(file));
  if (taken !== undefined) return refuse(`${taken} exists, and is not overwritten; choose another name`);
  try {
    const notes = await freeNotes([join(checkout, "plugins"), dirname(dirname(module.target))], module.source);
    await copy(module, (text) => renumber(rename(pointTo(text, module, join(checkout, "src")), template, name), notes));
    await copy(test, (text) =>
      rename(pointTo(pointTo(text, test, join(checkout, "src")), test, module.target, module.source), template, name),
    );
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  return { ok: true, name, module: module.target, test: test.target, node: process.execPath };
}

const moduleIn = (checkout: string, name: string): string => join(checkout, "plugins", name, "index.ts");
const testIn = (checkout: string, name: string): string => join(checkout, "test", "plugins", name, "index.test.ts");
const refuse = (problem: string): Problems => ({ ok: false, problems: [problem] });

async function copy({ source, target }: Draft, change: (text: string) => string): Promise<void> {
  const text = await readFile(source, "utf8");
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, change(text), { flag: "wx" });
}

/** What the source names from its place, the target names from its own: `to`, which stood at `from`. */
function pointTo(text: string, { source, target }: Draft, to: string, from = to): string {
  return text.replaceAll(`"${specifier(source, from)}`, `"${specifier(target, to)}`);
}

function specifier(file: string, to: string): string {
  const path = relative(dirname(file), to);
  return path.startsWith(".") ? path : `./${path}`;
}

/** `template-filter`, `TemplateFilter` and `TEMPLATE_FILTER`, and likewise of the new name. */
function rename(text: string, template: string, name: string): string {
  const forms = [
    (words: string) => words,
    (words: string) => words.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase()),
    (words: string) => words.toUpperCase().replaceAll("-", "_"),
  ];
  return forms.reduce((changed, form) => changed.replaceAll(form(template), form(name)), text);
}

/** Blocks of ten; the host and the plug-ins that ship with it have those before, the template the last hundred. */
const BLOCKS = Array.from({ length: 79 }, (_, index) => 2011 + index);
const NOTE = /(?<=\bnote: )(20_?\d\d)(\d)\b/g;

/** The first ten notes, without their last digit, that no plug-in in these folders uses; none when all are taken. */
async function freeNotes(folders: readonly string[], template: string): Promise<number | undefined> {
  const files = await Promise.all(folders.map(sourcesIn));
  const texts = await Promise.all(files.flat().map((file) => (file === template ? "" : readFile(file, "utf8"))));
  const used = new Set(texts.flatMap((text) => [...text.matchAll(NOTE)].map(([, block = ""]) => Number(block.replace("_", "")))));
  return BLOCKS.find((block) => !used.has(block));
}

/** Of the plug-ins in a folder: what lies deeper is not looked for, since the folder may be anybody's. */
async function sourcesIn(folder: string): Promise<string[]> {
  const namesIn = (path: string) => readdir(path).catch(() => []);
  const plugins = (await namesIn(folder)).filter((name) => NAME.test(name)).map((name) => join(folder, name));
  const files = await Promise.all(plugins.map(async (plugin) => (await namesIn(plugin)).map((name) => join(plugin, name))));
  return files.flat().filter((file) => /\.[jt]s$/.test(file));
}

const renumber = (text: string, block: number | undefined): string =>
  block === undefined ? text : text.replaceAll(NOTE, (_, __, digit: string) => `${block}${digit}`);
