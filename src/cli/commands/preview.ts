import type { Preview } from "../../shapes.ts";
import type { Invocation, Leaf } from "../command.ts";
import { printableLines } from "../printable.ts";
import { show } from "../show.ts";
import { textArgument } from "../text-argument.ts";

export const preview: Leaf = {
  name: "preview",
  summary: "show how a text would be posted, without posting it",
  arguments: [{ name: "TEXT", help: "the text; - reads it from standard input" }],
  options: {
    user: { short: "u", value: "NAME", help: "AR Functional User whose account it would be posted to" },
    mechanism: { value: "NAME", help: "Notification Mechanism", fallback: "the user's, or the one that is loaded" },
  },
  host: true,
  json: true,
  example: 'perch preview "E-mail is down in Paris, we are on it"',
  run: async (invocation) => {
    const text = await textArgument(invocation);
    if (text === "") return invocation.misuse("The text is empty.");
    const [functionalUser, mechanism] = ["user", "mechanism"].map(invocation.text);
    const params = { text, ...(functionalUser !== undefined && { functionalUser }), ...(mechanism !== undefined && { mechanism }) };
    return show(invocation, "preview", params, (result) => sayPreview(invocation, result));
  },
};

function sayPreview({ screen }: Invocation, { posts, overflow }: Preview): void {
  posts.forEach((post, index) => {
    const length = `${post.weightedLength} characters${post.valid ? "" : ", which is refused"}`;
    screen.say(screen.paint(post.valid ? "green" : "red", `Post ${index + 1} of ${posts.length} (${length}):`));
    for (const line of printableLines(post.text)) screen.say(`  ${line}`);
  });
  if (posts.length > 1) screen.say(`(text.overflow is "${overflow}")`);
}
