/**
 * A session of AR System's REST API: logged in when first needed, again once when the token has run out, and out at the
 * end (BMC: _Access and authentication for the REST API_; a token is good for an hour unless the server says otherwise).
 */
import { type Answer, done, type Fault, refused } from "../ar.ts";
import { type ArReply, type ArServer, directoryFault, notAr, openHttp } from "./ar-http.ts";

export type LogIn = { username: string; password: string };
export type ArSession = {
  /** The JSON that stands at a path. */
  read(path: string): Promise<Answer<unknown>>;
  /** Logs out. Never rejects. */
  end(): Promise<void>;
};

/**
 * AR System locks a user at the third wrong password in a row, for longer each time and at last for good (BMC: _Enabling
 * automatic password unlocking_), and a typist asks with every key. The same log-in, tried again soon, may have been
 * mended; after that it is tried so seldom that whoever else uses it has long logged in between.
 */
const REFUSED_REST_MS = { once: 60_000, again: 3_600_000 };
/** RFC 7519, section 3: three parts of base64url. Nothing else gets into a header. */
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

type Token = { answer: Promise<Answer<string>>; endsAt: number };

/** `now`: milliseconds of a clock that never jumps. */
export function openSession(server: ArServer, logIn: LogIn, now: () => number): ArSession {
  const http = openHttp(server);
  let token: Token | undefined;
  let refusals = 0;
  const restAfter = (reply: ArReply): number => {
    if (!isDenied(reply)) return 0;
    refusals += 1;
    return refusals === 1 ? REFUSED_REST_MS.once : REFUSED_REST_MS.again;
  };
  /** One log-in for all who wait; a refusal stands for a while, another failure for as long as it takes. */
  const tokenNow = (): Token => {
    if (token && now() < token.endsAt) return token;
    const sending = http.send({ method: "POST", path: "/api/jwt/login", headers: FORM, body: String(new URLSearchParams(logIn)) });
    const answer = sending.then((sent) => {
      const got = sent.ok ? tokenOf(server, logIn, sent.value) : sent;
      if (got.ok) refusals = 0;
      else mine.endsAt = now() + (sent.ok ? restAfter(sent.value) : 0);
      return got;
    });
    const mine: Token = { answer, endsAt: Number.POSITIVE_INFINITY };
    token = mine;
    return mine;
  };
  const read = async (path: string, isLast = false): Promise<Answer<unknown>> => {
    const mine = tokenNow();
    const opened = await mine.answer;
    if (!opened.ok) return opened;
    const sent = await http.send({ method: "GET", path, headers: authorized(opened.value) });
    if (!sent.ok) return sent;
    if (sent.value.status !== 401 || isLast) return jsonOf(server, sent.value, [logIn.password, opened.value]);
    mine.endsAt = 0;
    return read(path, true);
  };
  return {
    read: (path) => read(path),
    async end() {
      const opened = await token?.answer;
      if (opened?.ok) await http.send({ method: "POST", path: "/api/jwt/logout", headers: authorized(opened.value) });
      await http.close();
    },
  };
}

const authorized = (token: string) => ({ authorization: `AR-JWT ${token}` });
const FORM = { "content-type": "application/x-www-form-urlencoded" };

const isDenied = ({ status }: ArReply): boolean => status === 401 || status === 403;

function tokenOf(server: ArServer, { username, password }: LogIn, reply: ArReply): Answer<string> {
  if (isDenied(reply)) {
    const advice =
      "Correct directory.username and directory.password in the credentials file; the same are tried again after a minute, then once an hour.";
    return refused(directoryFault(server, `refuses the log-in of ${username}${saidOf(reply, [password])}`, advice));
  }
  if (reply.status !== 200) return refused(failed(server, reply, [password]));
  const token = reply.text.trim();
  return TOKEN.test(token) ? done(token) : refused(notAr(server, "answered the log-in with something else than a token"));
}

function jsonOf(server: ArServer, reply: ArReply, secrets: readonly string[]): Answer<unknown> {
  if (reply.status !== 200) return refused(failed(server, reply, secrets));
  const parsed = parse(reply.text);
  return parsed === undefined ? refused(notAr(server, "answered what is not JSON")) : done(parsed);
}

const failed = (server: ArServer, reply: ArReply, secrets: readonly string[]): Fault =>
  directoryFault(
    server,
    `answered ${reply.status}${saidOf(reply, secrets)}`,
    "Look for that in AR System's log (arerror.log, arrest.log); the user of the log-in must be able to read the form User.",
  );

/** AR System's own words: a list of entries with number and text. */
function saidOf({ text }: ArReply, secrets: readonly string[]): string {
  const [first] = [parse(text)].flat();
  if (typeof first !== "object" || first === null || !("messageText" in first) || typeof first.messageText !== "string") return "";
  const number = "messageNumber" in first && typeof first.messageNumber === "number" ? ` (ARERR ${first.messageNumber})` : "";
  return `: ${secrets.reduce((said, secret) => said.replaceAll(secret, "…"), first.messageText)}${number}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
