/** What hosts tell each other through the database (NOTIFY), and the connection that listens. */
import { randomUUID } from "node:crypto";
import pg from "pg";
import type { Query } from "./postgres-database.ts";
import type { StoreEvent } from "./store.ts";

const CHANNEL = "perch";
const NOTIFY = "SELECT pg_notify($1, $2)";
/** A payload must stay below 8000 bytes (PostgreSQL manual, NOTIFY). */
const MAX_LANES = 50;
const AGAIN_MS = 1_000;

type Message = { by: string } & ({ lanes: string[] } | { kind: "registrations" | "accounts" });
type Listener = (event: StoreEvent) => void;

export class PostgresEvents {
  /** Of this store, so that nobody wakes himself. */
  readonly #self = randomUUID();
  readonly #options: pg.ClientConfig;
  readonly #listeners = new Set<Listener>();
  #client: pg.Client | undefined;
  #again: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: pg.ClientConfig) {
    this.#options = options;
  }

  /** Sent with the commit of the transaction that it is part of. */
  tellLanes(query: Query, lanes: readonly string[]): void {
    for (let from = 0; from < lanes.length; from += MAX_LANES)
      void this.#tell(query, { by: this.#self, lanes: lanes.slice(from, from + MAX_LANES) });
  }

  tell(query: Query, kind: "registrations" | "accounts"): Promise<void> {
    return this.#tell(query, { by: this.#self, kind });
  }

  async #tell(query: Query, message: Message): Promise<void> {
    await query(NOTIFY, [CHANNEL, JSON.stringify(message)]);
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
    const lost = () => this.#lost(client);
    client.on("error", lost);
    client.on("end", lost);
    await client.connect();
    await client.query(`LISTEN ${CHANNEL}`);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#again);
    await this.#client?.end().catch(() => {});
  }

  #lost(client: pg.Client): void {
    if (this.#closed || this.#client !== client) return;
    this.#client = undefined;
    client.end().catch(() => {});
    this.#later();
  }

  #later(): void {
    this.#again = setTimeout(() => {
      this.listen().then(
        () => this.#say({ kind: "everything" }),
        () => {
          this.#client = undefined;
          if (!this.#closed) this.#later();
        },
      );
    }, AGAIN_MS);
  }

  #hear(payload: string): void {
    const message = JSON.parse(payload) as Message;
    if (message.by === this.#self) return;
    if ("lanes" in message) for (const lane of message.lanes) this.#say({ kind: "lane", lane });
    else this.#say({ kind: message.kind });
  }

  #say(event: StoreEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
