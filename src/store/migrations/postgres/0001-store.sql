-- compatible: 1
-- Moments are milliseconds since 1970 by the hosts' corrected clocks; only leases and heartbeats are in the database's own time.

CREATE TABLE registrations (
  id text PRIMARY KEY,
  -- The five names that make it unique, without case.
  unique_names text NOT NULL UNIQUE,
  company text NOT NULL,
  content text NOT NULL,
  functional_user text NOT NULL,
  mechanism text NOT NULL,
  account_name text NOT NULL,
  enabled boolean NOT NULL,
  lane text,
  authorized_at double precision,
  pending text,
  created_at double precision NOT NULL,
  updated_at double precision NOT NULL
);

CREATE TABLE accounts (
  lane text PRIMARY KEY,
  plugin text NOT NULL,
  account_id text NOT NULL,
  account_name text NOT NULL,
  token text,
  protected boolean,
  access_level text,
  checked_at double precision,
  revoked boolean NOT NULL,
  paused boolean NOT NULL,
  hold jsonb
);

-- seq is the order of acceptance: accepting locks the lanes that it writes to, so that numbers of a lane are committed in their order.
CREATE TABLE deliveries (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL UNIQUE,
  plugin text NOT NULL,
  lane text NOT NULL,
  registration_id text NOT NULL,
  functional_user text NOT NULL,
  account_name text NOT NULL,
  content text NOT NULL,
  entry_id text,
  text text NOT NULL,
  priority integer NOT NULL,
  client text NOT NULL,
  accepted_at double precision NOT NULL,
  expires_at double precision NOT NULL,
  dated_by text,
  state text NOT NULL DEFAULT 'queued',
  begun boolean NOT NULL DEFAULT false,
  attempts integer NOT NULL DEFAULT 0,
  delivered_at double precision,
  next_attempt_at double precision,
  last_fault jsonb
);

-- Partial, so that they stay as small as what is live while the table grows.
CREATE INDEX deliveries_head ON deliveries (lane, begun, priority, seq) WHERE state IN ('queued', 'sending', 'waiting', 'in-doubt');
-- The head of a lane, read from deliveries_head in its order. Without the two settings PostgreSQL, which counts rows only
-- now and then, takes a lane that has just grown for a short one, and reads and sorts all of it.
CREATE FUNCTION perch_head(of_lane text, moment double precision, since double precision, clock text) RETURNS bigint
  LANGUAGE plpgsql STABLE SET enable_bitmapscan = off SET enable_seqscan = off AS $$
DECLARE head bigint;
BEGIN
  SELECT seq INTO head FROM deliveries WHERE lane = of_lane AND begun AND state IN ('queued', 'sending', 'waiting', 'in-doubt')
    ORDER BY state = 'queued', priority, seq LIMIT 1;
  IF head IS NULL THEN
    SELECT seq INTO head FROM deliveries WHERE lane = of_lane AND NOT begun AND state IN ('queued', 'sending', 'waiting', 'in-doubt')
      AND NOT (expires_at <= moment AND accepted_at >= since AND dated_by IS NOT DISTINCT FROM clock)
      AND (SELECT enabled FROM registrations WHERE registrations.id = deliveries.registration_id)
      ORDER BY priority, seq LIMIT 1;
  END IF;
  RETURN head;
END $$;
CREATE INDEX deliveries_expiry ON deliveries (plugin, expires_at)
  WHERE NOT begun AND state IN ('queued', 'sending', 'waiting', 'in-doubt');
CREATE INDEX deliveries_undelivered ON deliveries (seq) WHERE state IN ('failed', 'expired', 'cancelled');
CREATE INDEX deliveries_undated ON deliveries (plugin) WHERE dated_by IS NOT NULL;
CREATE INDEX deliveries_entry ON deliveries (entry_id, seq) WHERE entry_id IS NOT NULL;
CREATE INDEX deliveries_accepted ON deliveries (accepted_at);

CREATE TABLE posts (
  delivery_seq bigint NOT NULL REFERENCES deliveries (seq) ON DELETE CASCADE,
  idx integer NOT NULL,
  lane text NOT NULL,
  state text NOT NULL DEFAULT 'queued',
  text text NOT NULL,
  reply boolean NOT NULL,
  id text,
  url text,
  begun_at double precision,
  doubt_at double precision,
  looks integer NOT NULL DEFAULT 0,
  blind boolean NOT NULL DEFAULT false,
  PRIMARY KEY (delivery_seq, idx)
);
CREATE INDEX posts_open ON posts (lane) WHERE state IN ('begun', 'in-doubt');
-- Decimal ids in numeric order: the longer is the greater.
CREATE INDEX posts_posted ON posts (lane, length(id), id COLLATE "C") WHERE state = 'posted';

-- How a repeated call is recognised; pruned with its window.
CREATE TABLE repeats (
  kind text NOT NULL,
  scope text NOT NULL,
  key text NOT NULL,
  digest text NOT NULL,
  -- Of the deliveries of that call; other hosts' may stand between them.
  seqs bigint[] NOT NULL,
  at double precision NOT NULL,
  PRIMARY KEY (kind, scope, key)
);
CREATE INDEX repeats_at ON repeats (at);

CREATE TABLE audit (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL UNIQUE,
  at double precision NOT NULL,
  client text NOT NULL,
  role text,
  address text,
  method text NOT NULL,
  target text,
  detail jsonb NOT NULL,
  outcome text NOT NULL,
  arerr integer,
  reason text
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_client ON audit (client, seq);
CREATE FUNCTION perch_audit_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an audit entry that has its end is never changed';
END $$;
CREATE TRIGGER audit_ended BEFORE UPDATE ON audit FOR EACH ROW WHEN (old.outcome <> 'begun') EXECUTE FUNCTION perch_audit_ended();

-- The number of deliveries in each state. Every change appends what it moved, since one row for each state would make
-- all hosts wait for each other; a heartbeat now and then adds the moves up.
CREATE TABLE tallies (state text PRIMARY KEY, count bigint NOT NULL DEFAULT 0);
INSERT INTO tallies (state)
  VALUES ('queued'), ('sending'), ('waiting'), ('in-doubt'), ('delivered'), ('failed'), ('expired'), ('cancelled');
CREATE TABLE tally_moves (state text NOT NULL, delta bigint NOT NULL);
CREATE FUNCTION perch_tally_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO tally_moves SELECT state, count(*) FROM new_rows GROUP BY state;
  RETURN NULL;
END $$;
CREATE FUNCTION perch_tally_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO tally_moves
    SELECT state, sum(delta) FROM (SELECT state, -1 AS delta FROM old_rows UNION ALL SELECT state, 1 FROM new_rows) AS moves
    GROUP BY state HAVING sum(delta) <> 0;
  RETURN NULL;
END $$;
CREATE FUNCTION perch_tally_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO tally_moves SELECT state, -count(*) FROM old_rows GROUP BY state;
  RETURN NULL;
END $$;
CREATE TRIGGER deliveries_added AFTER INSERT ON deliveries REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION perch_tally_added();
CREATE TRIGGER deliveries_moved AFTER UPDATE ON deliveries REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION perch_tally_moved();
CREATE TRIGGER deliveries_removed AFTER DELETE ON deliveries REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION perch_tally_removed();

-- Who may work a lane. `token` grows each time that the lane changes hands; what an older one settles is refused.
CREATE TABLE lanes (
  lane text PRIMARY KEY,
  -- NULL: given back.
  holder text,
  token bigint NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE TABLE hosts (
  id text PRIMARY KEY,
  card jsonb NOT NULL,
  -- The host's machine − the database, in milliseconds.
  ahead_ms double precision NOT NULL,
  seen_at timestamptz NOT NULL
);
