// Keeps a page alive with what its host sends. Without this the page is whole, as of when it was loaded.
import { openStream } from "./stream.js";

const region = document.querySelector("[data-live]");
if (region) openStream(() => region.dataset.live, { parts: replaceAll });

function replaceAll(parts) {
  for (const [id, text] of Object.entries(parts)) replace(id, text);
}

// The text comes from the same templates as the page. What had the focus gets it back, and what was ticked stays so.
function replace(id, text) {
  const place = document.getElementById(id);
  if (!place) return;
  const focused = place.contains(document.activeElement) ? document.activeElement : undefined;
  const ticked = new Set([...place.querySelectorAll("input:checked")].map(keyOf));
  place.innerHTML = text;
  for (const box of place.querySelectorAll("input")) box.checked = ticked.has(keyOf(box));
  if (!focused) return;
  const again = [...place.querySelectorAll("a, input")].find((one) => keyOf(one) === keyOf(focused));
  (again ?? document.querySelector("main")).focus({ preventScroll: true });
}

/** The same thing in the next look, wherever it stands by then. */
function keyOf(element) {
  const { href, name, value, textContent } = element;
  const row = element.closest("tr")?.querySelector("th")?.textContent;
  return [href, name, value, row, textContent].join("|");
}
