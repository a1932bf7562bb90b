// Keeps a page alive with what its host sends. Without this the page is whole, as of when it was loaded.

const region = document.querySelector("[data-live]");
if (region) keepAlive(region.dataset.live);

function keepAlive(path) {
  const source = new EventSource(path);
  const said = document.querySelector("#alive");
  const say = (text) => {
    if (!said) return;
    said.hidden = false;
    said.textContent = text;
  };
  source.addEventListener("parts", (event) => {
    for (const [id, text] of Object.entries(JSON.parse(event.data))) replace(id, text);
    say("Live");
  });
  source.addEventListener("ended", () => {
    source.close();
    location.reload();
  });
  source.addEventListener("error", () => {
    // Not tried again where the answer was no stream: a proxy's, or too many pages are open.
    const isOver = source.readyState === EventSource.CLOSED;
    say(isOver ? "Not live: load the page again to see what is new" : "The host does not answer; trying again…");
  });
}

// The text comes from the same templates as the page. What had the focus gets it back.
function replace(id, text) {
  const place = document.getElementById(id);
  if (!place) return;
  const links = (of) => [...of.querySelectorAll("a")];
  const focused = links(place).indexOf(document.activeElement);
  place.innerHTML = text;
  if (focused >= 0) links(place)[focused]?.focus();
}
