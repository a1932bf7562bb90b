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
  const link = page.querySelector("a.open");
  if (answer.ok && link) tab.location.replace(link.href);
  else tab.close();
  // Logged out meanwhile.
  if (page.querySelector(".log-in")) return location.assign(answer.url);
  // It is open: next is the PIN.
  if (answer.ok) link?.classList.replace("main", "quiet");
  if (answer.ok) link?.classList.remove("open");
  show(page, answer.url);
}

function show(page, address) {
  const main = page.querySelector("main");
  document.querySelector("main").replaceWith(main);
  document.title = page.title;
  history.replaceState(null, "", address);
  suggestIn(main);
  (main.querySelector("[autofocus], #pin:enabled") ?? main).focus();
}

function complain() {
  const text = "The host does not answer; what is typed here stays.";
  const notice = Object.assign(document.createElement("p"), { className: "notice bad", role: "alert", textContent: text });
  document.querySelector("main > .notice")?.remove();
  document.querySelector("h1").after(notice);
}
