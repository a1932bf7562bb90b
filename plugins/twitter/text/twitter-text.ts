/**
 * X's own library of texts, without the polyfills of 2017 that it brings (core-js 2).
 *
 * Node needs none of them, and merely by trying what the engine can do (a species of their own, in `_fix-re-wks.js`) they
 * make V8 leave its fast path for every regular expression of the worker: signing a request took three times as long.
 */
import { createRequire, registerHooks } from "node:module";
import type TwitterText from "twitter-text";

const hooks = registerHooks({
  load: (url, context, next) =>
    url.includes("/node_modules/core-js/modules/") ? { format: "commonjs", source: "", shortCircuit: true } : next(url, context),
});
const library: typeof TwitterText = createRequire(import.meta.url)("twitter-text");
hooks.deregister();

export default library;
