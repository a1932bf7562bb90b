/** Brings one host of a group after the other into trouble while calls go to all of them, and judges what stands at X. */
import { setTimeout as sleep } from "node:timers/promises";
import type { PostMoment } from "../../plugins/twitter/sandbox/state.ts";
import { type GroupYard, LEASE_SECONDS, type Member, openGroupYard } from "../group/group-yard.ts";
import { judgeOrder } from "../judge.ts";
import { Calls } from "./calls.ts";
import { inFlight } from "./in-flight.ts";

/**
 * `kill`: SIGKILL; `stop`: SIGSTOP for longer than a lease, then SIGCONT; `cut`: its connections to the database are
 * reset and new ones refused for longer than a lease; `silence`: nothing gets through, and comes late; `term`: SIGTERM;
 * `database`: PostgreSQL itself ends at once and comes back.
 */
export const TROUBLES = ["kill", "stop", "cut", "silence", "term", "database"] as const;
export type Trouble = (typeof TROUBLES)[number];
/** When: at any moment, or when a post of the host is where X sees it. */
export const MOMENTS = ["random", "begun", "arrived", "accepted", "answered"] as const;
export type Moment = (typeof MOMENTS)[number];

export type GroupCrashOptions = {
  hosts: number;
  accounts: number;
  random: () => number;
  /** What comes, and when; ends where there is no more. */
  plan: Iterable<{ trouble: Trouble; moment: Moment }>;
  onTrouble?(count: number, trouble: Trouble, moment: Moment): void;
};
export type GroupCrashResult = {
  troubles: Record<string, number>;
  /** Calls that were answered with success, and those that were not. */
  accepted: number;
  unanswered: number;
  posts: number;
  deliveries: number;
  lookedUp: number;
  /** Lanes that a host let go, or found to be another's. */
  letGo: number;
  wrong: string[];
};

const TRICKLE_MS = 150;
const LONGER_THAN_A_LEASE_MS = LEASE_SECONDS * 1000 * 1.5;

export async function crashGroup({ hosts, accounts, random, plan, onTrouble }: GroupCrashOptions): Promise<GroupCrashResult> {
  const names = Array.from({ length: accounts }, (_, index) => `Account_${index}`);
  const watch = { post: (_moment: PostMoment) => {} };
  const yard = await openGroupYard({ hosts, accounts: names, sandbox: { watch: (moment) => watch.post(moment) }, keepLog: false });
  const anyOne = () => yard.members[Math.floor(random() * hosts)] as Member;
  const calls = new Calls({ accounts: names, random, notify: (request) => anyOne().notify(request), trickleMs: TRICKLE_MS, goesOn: true });
  const told = { lookedUp: 0, letGo: 0 };
  const follow = (member: Member) => member.host.onLine((line) => listen(line, told));
  yard.members.forEach(follow);
  const troubles: Record<string, number> = {};
  calls.begin();
  for (const { trouble, moment } of plan) {
    const victim = await inFlight(yard.members, { moment, watch, random });
    await bring(yard, victim, trouble);
    if (trouble === "kill" || trouble === "term") follow(victim);
    troubles[trouble] = (troubles[trouble] ?? 0) + 1;
    onTrouble?.(
      Object.values(troubles).reduce((sum, count) => sum + count),
      trouble,
      moment,
    );
  }
  await calls.end();
  const deliveries = await yard.drained();
  const posts = await yard.posts();
  const gone = yard.members.filter(({ host: { child } }) => child.exitCode !== null || child.signalCode !== null);
  await yard.close();
  const wrong = [...judgeOrder(deliveries, posts), ...calls.missing(deliveries), ...gone.map(({ name }) => `${name} ended by itself`)];
  const { accepted, unanswered } = calls;
  return { troubles, accepted: accepted.size, unanswered, posts: posts.length, deliveries: deliveries.length, ...told, wrong };
}

function listen(line: string, told: { lookedUp: number; letGo: number }): void {
  if (line.includes('"msg":"post in doubt')) told.lookedUp += 1;
  if (line.includes('"msg":"lane let go') || line.includes('"msg":"lane lost')) told.letGo += 1;
}

async function bring({ postgres }: GroupYard, victim: Member, trouble: Trouble): Promise<void> {
  const { host, wire } = victim;
  switch (trouble) {
    case "kill":
      await host.kill();
      await victim.start();
      return;
    case "term":
      await host.stop();
      await victim.start();
      return;
    case "stop":
      host.child.kill("SIGSTOP");
      await sleep(LONGER_THAN_A_LEASE_MS);
      host.child.kill("SIGCONT");
      return;
    case "cut":
    case "silence":
      wire.cut(trouble === "cut" ? "refused" : "silent");
      await sleep(LONGER_THAN_A_LEASE_MS);
      wire.mend();
      return;
    case "database":
      postgres.stop("immediate");
      postgres.start();
  }
}
