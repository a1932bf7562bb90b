// Shows how a text will be posted while it is written. Without this there is the button "Preview".

const form = document.querySelector("[data-preview]");
if (form) followWriting(form);

/** Milliseconds after the last key. */
const AFTER = 250;

function followWriting(form) {
  let timer;
  let asking = new AbortController();
  const ask = () => {
    asking.abort();
    asking = new AbortController();
    showPreview(form, asking.signal).catch((error) => {
      if (error.name !== "AbortError") say("The host does not answer; what is shown may be old.");
    });
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, AFTER);
  });
  // Whoever comes back may have logged in again meanwhile.
  document.addEventListener("visibilitychange", () => document.hidden || ask());
}

/** The same page as the button's, of which one part is taken. */
async function showPreview(form, signal) {
  const answer = await fetch(form.dataset.preview, { method: "POST", body: new URLSearchParams(new FormData(form)), signal });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const parts = page.querySelector("#parts");
  if (parts) {
    document.querySelector("#parts").replaceWith(parts);
    return say(page.querySelector("#sum").textContent);
  }
  if (page.querySelector(".log-in")) return say("You are logged out. Log in in another tab; what is written here stays.");
  if (takeToken(page)) return showPreview(form, signal);
  say("The host can’t show it now; what is written here stays.");
}

/** After another log-in forms carry another token. Whether there was one to take. */
function takeToken(page) {
  const token = page.querySelector("[name=csrf]")?.value;
  const own = [...document.querySelectorAll("[name=csrf]")].filter(({ value }) => token && value !== token);
  for (const field of own) field.value = token;
  return own.length > 0;
}

// Told to who hears the page, so only when there is something new to tell.
function say(text) {
  const sum = document.querySelector("#sum");
  if (sum.textContent !== text) sum.textContent = text;
}
