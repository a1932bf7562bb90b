// What pages that are alive share: a stream of the host's that tells how it is, and can be paused.

/** `pathFrom(lastId)`: where to go on. `listeners` by the event's name; each is given the data and the id. */
export function openStream(pathFrom, listeners) {
  const button = document.querySelector("#pause");
  let lastId = "";
  let source;
  const open = () => {
    source = connect(pathFrom(lastId), listeners, (id) => {
      lastId = id || lastId;
    });
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    const isPaused = source === undefined;
    button.textContent = isPaused ? "Pause" : "Go on";
    if (isPaused) return open();
    source.close();
    source = undefined;
    say("Paused", false);
  });
  open();
}

function connect(path, listeners, remember) {
  const source = new EventSource(path);
  for (const [name, listener] of Object.entries(listeners))
    source.addEventListener(name, ({ data, lastEventId }) => {
      remember(lastEventId);
      listener(JSON.parse(data));
    });
  source.addEventListener("open", () => say("Live", true));
  source.addEventListener("ended", () => {
    source.close();
    location.reload();
  });
  source.addEventListener("error", () => {
    // Not tried again where the answer was no stream: a proxy's, or too many pages are open.
    const isOver = source.readyState === EventSource.CLOSED;
    say(isOver ? "Not live: load the page again to see what is new" : "The host does not answer; trying again…", false);
  });
  return source;
}

function say(text, isAlive) {
  const said = document.querySelector("#alive");
  said.hidden = false;
  said.textContent = text;
  said.classList.toggle("off", !isAlive);
}
