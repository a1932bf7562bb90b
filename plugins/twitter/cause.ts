/**
 * The appended text of an 8753 as BMC's plug-in wrote it: Twitter4J's `<HTTP status>:<cause>`, and what X said.
 *
 * Workflow matches on the line for 401, so that one is literal, in the wording of BMC's ITSM page. (Twitter4J put a
 * newline before X's own words; on that page, and here, it is a blank.)
 */
const CAUSES: Readonly<Record<number, string>> = {
  304: "There is nothing new to return.",
  400: "The request was invalid; the message that comes with it says why.",
  401: "Authentication credentials (http://dev.twitter.com/pages/auth) were missing or incorrect. Ensure that you have set valid consumer key/secret, access token/secret, and the system clock in sync.",
  403: "The request is understood, but it has been refused.",
  404: "The address is invalid, or what it names, such as a user, does not exist.",
  429: "The rate limit is used up.",
  500: "Something is broken at X.",
  502: "X is down or being upgraded.",
  503: "The servers of X are up, but overloaded with requests. Try again later.",
  504: "The servers of X are up, but could not complete the request. Try again later.",
};

/** `status` is the HTTP status, `said` what the answer's body says, "" where it says nothing. Twitter4J 2.1.11, `TwitterException`. */
export function causeOf(status: number, said = ""): string {
  const line = `${status}:${CAUSES[status] ?? ""}`;
  if (said === "") return line;
  return line.endsWith(":") ? `${line}${said}` : `${line} ${said}`;
}
