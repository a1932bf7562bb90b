/** Tries changed credentials of plug-ins at their services before they replace those in force. */
import { isDeepStrictEqual } from "node:util";
import type { Fault } from "../ar.ts";
import type { Account, Trial } from "../contract.ts";
import type { PluginPart } from "../host/protocol.ts";
import type { Rooms } from "../host/rooms.ts";
import { trialFrom } from "../host/verdict-check.ts";
import { type Configured, sameAccount, tokensOf } from "./configured-accounts.ts";
import type { PluginPlan, RunningPlugin } from "./plugin-changes.ts";

export type Trials = {
  /** The services refuse these; by plug-in, a sentence each. */
  refused: { plugin: string; message: string }[];
  /** What could not be tried, a sentence each. */
  untried: string[];
  /** Tokens of the credentials file that the service took, with the new credentials. */
  proven: Configured[];
};

/** Two requests, each with the longest usual time-out. */
const TRIAL_TIMEOUT_MS = 30_000;
/** Each costs a request; so many say enough. */
const MAX_ACCOUNTS = 20;

type Subject = { plugin: string; running: RunningPlugin; candidate: PluginPart; account: Account | undefined };

/** Asks with the workers that run, each for itself; what is tried is never put in force by it. */
export async function tryCredentials(plan: PluginPlan, before: readonly RunningPlugin[], rooms: Rooms): Promise<Trials> {
  const subjects = plan.next.flatMap(({ part, configured }) => {
    const running = before.find(({ plugin }) => plugin.name === configured.name);
    if (!part || !running?.part || !running.plugin.manifest?.triesCredentials) return [];
    if (isDeepStrictEqual(part.secrets, running.part.secrets)) return [];
    const accounts = accountsOf(running, part, rooms).slice(0, MAX_ACCOUNTS);
    const all: (Account | undefined)[] = accounts.length > 0 ? accounts : [undefined];
    return all.map((account): Subject => ({ plugin: configured.name, running, candidate: part, account }));
  });
  const tried = await Promise.all(subjects.map(async (subject) => ({ subject, trial: await tryOne(subject) })));
  return {
    refused: tried.flatMap(({ subject, trial }) =>
      trial.trial === "refused"
        ? [{ plugin: subject.plugin, message: `the service refuses these credentials${told(subject, trial.fault)}` }]
        : [],
    ),
    untried: tried.flatMap(({ subject, trial }) =>
      trial.trial === "unknown" ? [`plug-in ${subject.plugin}: the new credentials could not be tried${told(subject, trial.fault)}`] : [],
    ),
    proven: tried.flatMap(({ subject, trial }) => provenBy(subject, trial)),
  };
}

async function tryOne({ running, candidate, account }: Subject): Promise<Trial> {
  return trialFrom(await running.plugin.call("tryCredentials", candidate, account ? { account } : {}, TRIAL_TIMEOUT_MS));
}

/** Each account with the token that it will have: the file's, else the one that a PIN brought and that is not known to be dead. */
function accountsOf({ plugin }: RunningPlugin, part: PluginPart, { accounts }: Rooms): Account[] {
  const configured = tokensOf([{ plugin, part }]);
  const stored = accounts.all.filter(
    (account) =>
      account.plugin === plugin.name && account.token !== null && !account.revoked && !configured.some((one) => sameAccount(one, account)),
  );
  return [
    ...configured.map(({ name, token }) => ({ id: accounts.byName(plugin.name, name)?.accountId ?? "", name, token })),
    ...stored.flatMap((account) => {
      const token = accounts.storedToken(account);
      return token.ok ? [{ id: account.accountId, name: account.accountName, token: token.value }] : [];
    }),
  ];
}

function provenBy({ running, candidate, account }: Subject, trial: Trial): Configured[] {
  const owner = trial.trial === "accepted" ? trial.account?.name : undefined;
  return tokensOf([{ plugin: running.plugin, part: candidate }]).filter(
    ({ name }) => name === account?.name && name.toLowerCase() === owner?.toLowerCase(),
  );
}

const told = ({ account }: Subject, { cause, detail }: Fault): string =>
  `${account ? ` (tried for ${account.name})` : ""}: ${detail?.includes(cause) ? detail : [cause, detail ?? []].flat().join("; ")}`;
