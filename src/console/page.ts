/** A page of the console: one row of the table in `pages.ts`, from which its routes follow. */
import { ROLES, type Role } from "../contract.ts";
import type { Asked, Called, Failed } from "./asked.ts";
import type { Html } from "./html.ts";
import type { Notice } from "./sessions.ts";

/** `status` of HTTP, default 200. */
export type Shown = { ok: true; title: string; body: Html; status?: number } | Failed;
/** What came of an act, and where its page is; the browser is sent there, so that a reload does nothing twice. */
export type Done = { notice: Notice; to: string };
/** An act that was refused may show its form again, with what was typed; one that did something leads on. */
export type Act = (asked: Sent) => Promise<Done | Shown>;
export type Sent = Asked & { form: URLSearchParams };

/** What parts that are alive are made of. Nothing of a session: those of one role share them. */
export type Watched = Pick<Asked, "call" | "query" | "now" | "limits">;

export type Page = {
  /** With Fastify's parameters, as `/console/deliveries/:id`. */
  path: string;
  /** In the menu; `role`: the smallest to whom it is shown. Whether it may be opened, the methods decide that it calls. */
  menu?: { label: string; role: Role };
  show(asked: Asked): Promise<Shown>;
  /** `POST path/NAME`. */
  acts?: Readonly<Record<string, Act>>;
  /** `GET path.csv`, lines as they come. Its first look decides whether it is answered at all. */
  exports?: (asked: Asked) => Promise<Called<AsyncIterable<string>>>;
  /** `GET path`, as JSON, for scripts of the page. */
  json?: { path: string; answer(asked: Asked): Promise<Called<object>> };
  /** `GET path`, server-sent: parts of the page by their ids, sent whenever one has changed. */
  live?: { path: string; parts(asked: Watched): Promise<Called<Readonly<Record<string, Html>>>> };
  /** `GET path`, server-sent: what was added since `cursor`, and the cursor that leads on. Empty where nothing is to be shown. */
  feed?: { path: string; next(asked: Asked, cursor: string): Promise<Called<{ html: Html; cursor: string }>> };
};

export const refusedAct = ({ report }: Failed, to: string): Done => ({ notice: { kind: "bad", text: report.message }, to });
/** Whether to show what only an administrator may do; whether he may, the methods decide. */
export const isAdmin = ({ caller }: Pick<Asked, "caller">): boolean => ROLES.indexOf(caller.role) >= ROLES.indexOf("admin");
export const doneAct = (text: string, to: string): Done => ({ notice: { kind: "good", text }, to });
