// Opens the service's log-in page with the click that begins to authorise. Without this the page that follows has a link to it.
import { suggestIn } from "./combobox.js";

document.addEventListener("submit", (event) => {
  const { submitter, target } = event;
  if (!submitter?.matches("[data-log-in]")) return;
  // Only while the click is handled may a tab be opened. Where none may, the form is sent as without this.
  const tab = window.open();
  if (!tab) return;
  event.preventDefault();
  tab.document.body.textContent = "The log-in page is being asked for…";
  tab.opener = null;
  const body = new URLSearchParams(new FormData(target));
  submitter.disabled = true;
  authorize(submitter.formAction, body, tab).catch(() => {
    tab.close();
    submitter.disabled = false;
    complain();
  });
});

async function authorize(address, body, tab) {
  const answer = await fetch(address, { method: "POST", body });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const main = page.querySelector("main");
  if (!main) throw new Error("no page of the console");
  const link = answer.ok && main.querySelector("a.open");
  if (link) goOn(tab, link);
  else tab.close();
  // Logged out meanwhile.
  if (main.querySelector(".log-in")) return location.assign(answer.url);
  document.querySelector("main").replaceWith(main);
  document.title = page.title;
  history.replaceState(null, "", answer.url);
  suggestIn(main);
  (main.querySelector("[autofocus], #pin:enabled") ?? main).focus();
}

/** The link stays for who has closed the tab; what is next is the PIN. */
function goOn(tab, link) {
  tab.location.replace(link.href);
  link.className = "button quiet";
}

function complain() {
  const text = "The host does not answer; what is typed here stays.";
  const notice = Object.assign(document.createElement("p"), { className: "notice bad", role: "alert", textContent: text });
  document.querySelector("main > .notice")?.remove();
  document.querySelector("h1").after(notice);
}
