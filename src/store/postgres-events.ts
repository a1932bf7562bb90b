/** What hosts tell each other through the database (NOTIFY), and the connection that listens. */
import { randomUUID } from "node:crypto";
import pg from "pg";
import Type, { type Static } from "typebox";
import Value from "typebox/value";
import type { Query } from "./postgres-database.ts";
import type { StoreEvent } from "./store.ts";

const CHANNEL = "perch";
const NOTIFY = "SELECT pg_notify($1, $2)";
/** A payload must stay below 8000 bytes (PostgreSQL manual, NOTIFY). */
const MAX_LANES = 50;
const AGAIN_MS = 1_000;
const SIGN_OF_LIFE_MS = 5_000;
/** A connection to nowhere never says that it has ended. */
const END_MS = 1_000;

const Message = Type.Intersect([
  Type.Object({ by: Type.String() }),
  Type.Union([
    Type.Object({ lanes: Type.Array(Type.String()) }),
    Type.Object({ kind: Type.Union([Type.Literal("registrations"), Type.Literal("accounts")]) }),
  ]),
]);
type Message = Static<typeof Message>;
type Listener = (event: StoreEvent) => void;

export class PostgresEvents {
  /** Of this store, so that nobody wakes himself. */
  readonly #self = randomUUID();
  readonly #options: pg.ClientConfig;
  readonly #listeners = new Set<Listener>();
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: pg.ClientConfig) {
    this.#options = options;
  }

  /** Sent with the commit of the transaction that it is part of. */
  tellLanes(query: Query, lanes: readonly string[]): void {
    for (let from = 0; from < lanes.length; from += MAX_LANES)
      void query(NOTIFY, [CHANNEL, JSON.stringify({ by: this.#self, lanes: lanes.slice(from, from + MAX_LANES) } satisfies Message)]);
  }

  tell(query: Query, kind: "registrations" | "accounts"): Promise<unknown> {
    return this.#tell(query, { by: this.#self, kind });
  }

  /** The very promise of the statement: its transaction answers for it where nobody awaits it. */
  #tell(query: Query, message: Message): Promise<unknown> {
    return query(NOTIFY, [CHANNEL, JSON.stringify(message)]);
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Listens from now on; a connection that breaks is made anew, and whatever was missed meanwhile is announced. */
  async listen(): Promise<void> {
    const client = new pg.Client(this.#options);
    this.#client = client;
    client.on("notification", ({ payload = "" }) => this.#hear(payload));
    client.on("error", () => this.#lost(client));
    client.on("end", () => this.#lost(client));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      this.#listenOn(client);
    } catch (cause) {
      if (this.#client === client) this.#client = undefined;
      await endOf(client);
      throw cause;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    if (client) await endOf(client);
  }

  /** A firewall may forget a connection on which nothing is said, and tells neither end. */
  #listenOn(client: pg.Client): void {
    const say = () => client.query("SELECT 1").then(later, () => this.#lost(client));
    const later = () => {
      if (this.#client === client) this.#timer = setTimeout(say, SIGN_OF_LIFE_MS);
      else void endOf(client);
    };
    later();
  }

  #lost(client: pg.Client): void {
    if (this.#closed || this.#client !== client) return;
    this.#client = undefined;
    void endOf(client);
    this.#later();
  }

  #later(): void {
    // One that was tried meanwhile speaks for itself.
    if (this.#closed || this.#client) return;
    clearTimeout(this.#timer);
    const again = () =>
      this.listen().then(
        () => this.#say({ kind: "everything" }),
        () => this.#later(),
      );
    this.#timer = setTimeout(again, AGAIN_MS);
  }

  #hear(payload: string): void {
    const message = messageOf(payload);
    if (message === undefined || message.by === this.#self) return;
    if ("lanes" in message) for (const lane of message.lanes) this.#say({ kind: "lane", lane });
    else this.#say({ kind: message.kind });
  }

  #say(event: StoreEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** Undefined for what somebody else says on the channel. */
function messageOf(payload: string): Message | undefined {
  try {
    const said: unknown = JSON.parse(payload);
    return Value.Check(Message, said) ? said : undefined;
  } catch {
    return undefined;
  }
}

const endOf = (client: pg.Client): Promise<unknown> =>
  Promise.race([client.end().catch(() => {}), new Promise((resolve) => setTimeout(resolve, END_MS).unref())]);
