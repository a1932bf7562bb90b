// Adds to the log what the host logs. Without this it is as of when it was loaded.
import { openStream } from "./stream.js";

const tail = document.querySelector("[data-feed]");
if (tail) followLog(tail);

/** So many lines a browser keeps; the oldest go. */
const MAX_LINES = 1000;

function followLog(tail) {
  toEnd(tail);
  openStream(
    (lastId) => {
      const from = new URL(tail.dataset.feed, location.href);
      if (lastId) from.searchParams.set("cursor", lastId);
      return from.href;
    },
    { lines: (text) => add(tail, text) },
  );
}

// Whoever has scrolled up reads there, and stays there.
function add(tail, text) {
  const wasAtEnd = tail.scrollHeight - tail.scrollTop - tail.clientHeight < 40;
  const lines = tail.querySelector("ol");
  lines.insertAdjacentHTML("beforeend", text);
  while (lines.childElementCount > MAX_LINES) drop(tail, lines.firstElementChild);
  if (wasAtEnd) toEnd(tail);
}

function drop(tail, oldest) {
  if (oldest.contains(document.activeElement)) tail.focus({ preventScroll: true });
  oldest.remove();
}

function toEnd(tail) {
  tail.scrollTop = tail.scrollHeight;
}
