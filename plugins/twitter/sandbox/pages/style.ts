/** The sandbox's look, light and dark. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f4f6f8; --card: #ffffff; --line: #dfe4ea; --ink: #14191f; --soft: #5b6774; --accent: #0b66c3;
  --accent-ink: #ffffff; --warn: #9a4b00; --warn-page: #fff3e0; --good: #1a7f4b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1216; --card: #161c22; --line: #2a333d; --ink: #e8edf2; --soft: #93a1af; --accent: #5aa9f5;
    --accent-ink: #0b1117; --warn: #ffb867; --warn-page: #33230f; --good: #58c98e;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", "Liberation Sans", sans-serif; }
.column { max-width: 640px; margin: 0 auto; padding: 24px 16px 64px; }
header { display: flex; align-items: center; gap: 12px; margin-bottom: 16px; }
header a { color: inherit; text-decoration: none; font-weight: 700; font-size: 20px; line-height: 1.2; }
header p { margin: 0; color: var(--soft); font-size: 14px; }
.logo { width: 40px; height: 40px; flex: none; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; overflow: hidden; }
.strip { padding: 12px 16px; margin-bottom: 16px; font-size: 13px; color: var(--soft); }
.strip ul { list-style: none; display: flex; flex-wrap: wrap; gap: 6px; margin: 0; padding: 0; }
.strip li { border: 1px solid var(--line); border-radius: 99px; padding: 2px 10px; white-space: nowrap; }
.strip li.changed, .strip li.fault { color: var(--warn); background: var(--warn-page); border-color: transparent; }
.strip .faults { margin-top: 8px; }
article { display: flex; gap: 12px; padding: 16px 16px 14px; border-top: 1px solid var(--line); }
article:first-child, article.reply { border-top: 0; }
article.reply { padding-top: 0; }
article > .side { display: flex; flex-direction: column; align-items: center; flex: none; }
article > .side .thread { flex: 1; width: 2px; background: var(--line); margin: 6px 0 -10px; }
article > .body { min-width: 0; flex: 1; }
.face { width: 42px; height: 42px; border-radius: 50%; display: grid; place-items: center; background: var(--accent); color: var(--accent-ink); font-weight: 700; }
.who { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 8px; }
.who b { font-size: 15px; }
.who span, .foot { color: var(--soft); font-size: 14px; }
.lock { width: 14px; height: 14px; align-self: center; fill: var(--soft); }
.text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 4px 0 6px; }
.text a, .foot a { color: var(--accent); text-decoration: none; }
.text a:hover, .foot a:hover { text-decoration: underline; }
.foot { display: flex; flex-wrap: wrap; gap: 2px 12px; font-size: 13px; }
.deleted .text { text-decoration: line-through; color: var(--soft); }
.single .text { font-size: 22px; line-height: 1.4; }
.empty { text-align: center; padding: 56px 24px; color: var(--soft); }
.empty h2, .dialog h1 { color: var(--ink); margin: 0 0 8px; line-height: 1.25; }
.dialog { max-width: 440px; margin: 32px auto 0; padding: 28px; }
.dialog h1 { font-size: 24px; }
.dialog p { margin: 0 0 16px; color: var(--soft); }
.dialog p b { color: var(--ink); }
fieldset { border: 0; padding: 0; margin: 0 0 16px; }
legend { padding: 0; font-weight: 600; margin-bottom: 8px; }
label.choice { display: flex; align-items: center; gap: 10px; padding: 10px 12px; border: 1px solid var(--line); border-radius: 10px; margin-bottom: 8px; cursor: pointer; }
label.choice:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
input[type=radio] { accent-color: var(--accent); margin: 0; flex: none; }
input[type=text] { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--line); border-radius: 8px; padding: 6px 10px; width: 100%; min-width: 0; }
button { font: inherit; font-weight: 700; border: 0; border-radius: 99px; padding: 11px 22px; cursor: pointer; background: var(--accent); color: var(--accent-ink); }
button.plain { background: none; color: var(--accent); border: 1px solid var(--line); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.buttons { display: flex; gap: 10px; flex-wrap: wrap; }
.rights { margin: 0 0 16px; padding-left: 20px; color: var(--soft); }
.pin { display: block; text-align: center; font: 700 52px/1.2 "DejaVu Sans Mono", ui-monospace, monospace; letter-spacing: .06em; padding: 20px 0; margin: 0 0 16px; border: 1px dashed var(--line); border-radius: 12px; user-select: all; color: var(--ink); }
.wrong { color: var(--warn) !important; }
@media (max-width: 480px) { .pin { font-size: 38px; } .dialog { padding: 20px; } }
`;

/** Asks for the page again each 1.5 s and changes it only where something has come. */
export const REFRESH_SCRIPT = `
setInterval(async () => {
  try {
    const answer = await fetch(location.href);
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    const now = document.querySelector("main");
    if (next && now.innerHTML !== next.innerHTML) now.replaceWith(next);
  } catch { /* the sandbox is down; what was last seen stays */ }
}, 1500);
`;

export const COPY_SCRIPT = `
document.querySelector("#copy").addEventListener("click", async (event) => {
  const pin = document.querySelector("#pin");
  try {
    await navigator.clipboard.writeText(pin.textContent);
    event.target.textContent = "Copied";
  } catch { getSelection().selectAllChildren(pin); }
});
`;

/** Whoever types a name means it. */
export const CHOOSE_SCRIPT = `
const other = document.querySelector("input[name=other]");
other.addEventListener("input", () => { other.closest("label").querySelector("[type=radio]").checked = true; });
`;
