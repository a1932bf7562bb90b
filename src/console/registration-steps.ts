/** The way from a new request to broadcasts that go out, a step after the other. */
import type { Registration } from "../shapes.ts";
import { type Html, html } from "./html.ts";

export type StepName = "save" | "authorize" | "pin" | "credentials" | "enable";
export type Step = { name: StepName; state: "done" | "next" | "later" };
type Facts = Pick<Registration, "authorization" | "pinEnabled" | "status">;

const TITLES: Readonly<Record<StepName, string>> = {
  save: "Save",
  authorize: "Authorize Account",
  pin: "PIN",
  credentials: "Credentials file",
  enable: "Enable",
};

/** `withoutPin`: the accounts of its mechanism stand in the credentials file. A request that is not saved yet is undefined. */
export function stepsOf(registration: Facts | undefined, withoutPin: boolean): Step[] {
  const associated = registration?.authorization === "authorized";
  const awaited = registration?.pinEnabled === true;
  const enabled = registration?.status === "Enabled";
  const all: [StepName, boolean][] = withoutPin
    ? [["credentials", associated]]
    : [
        ["authorize", associated || awaited],
        ["pin", associated && !awaited],
      ];
  const steps: [StepName, boolean][] = [["save", registration !== undefined], ...all, ["enable", enabled]];
  const next = steps.findIndex(([, isDone]) => !isDone);
  return steps.map(([name, isDone], index) => ({ name, state: isDone ? "done" : index === next ? "next" : "later" }));
}

const SAID = { done: "done", next: "next", later: "not yet" } as const;

export const stepList = (steps: readonly Step[], contentOf: (step: Step) => Html): Html =>
  html`<ol class="steps">${steps.map(
    (step, index) =>
      html`<li class="${step.state}"${step.state === "next" && html` aria-current="step"`}><h2><span class="mark" aria-hidden="true">${step.state === "done" ? "✓" : index + 1}</span>${TITLES[step.name]}<span class="unseen">, ${SAID[step.state]}</span></h2>${contentOf(step)}</li>\n`,
  )}</ol>`;
