import type { PostMoment } from "../../plugins/twitter/sandbox/state.ts";
import type { Member } from "../group/group-yard.ts";
import type { Moment } from "./group.ts";

type Options = { moment: Moment; watch: { post: (moment: PostMoment) => void }; random: () => number };

/** Waits for the moment; answers the host that is at it: any one, or the one that began a post last. */
export async function inFlight(members: readonly Member[], { moment, watch, random }: Options): Promise<Member> {
  const any = members[Math.floor(random() * members.length)] as Member;
  const reached = Promise.withResolvers<Member>();
  let last = any;
  let over = false;
  for (const member of members)
    member.host.onLine((line) => {
      if (over || !line.includes('"msg":"post begun"')) return;
      last = member;
      if (moment === "begun") reached.resolve(member);
    });
  // Not always the first of its kind.
  let skip = Math.floor(random() * 4);
  watch.post = (seen) => {
    if (seen === moment && skip-- <= 0) reached.resolve(last);
  };
  if (moment === "random") setTimeout(() => reached.resolve(any), random() * 1_000);
  const victim = await reached.promise;
  over = true;
  watch.post = () => {};
  return victim;
}
