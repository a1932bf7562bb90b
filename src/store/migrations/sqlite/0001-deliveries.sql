-- Moments are milliseconds since 1970 in REAL columns: a clock may give fractions, a double holds them as they came, and
-- SQLite stores a REAL without a fraction as an integer anyway (https://www.sqlite.org/datatype3.html, section 3).

CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE registrations (
  id TEXT PRIMARY KEY,
  -- The five names that make it unique, without case.
  unique_names TEXT NOT NULL UNIQUE,
  company TEXT NOT NULL,
  content TEXT NOT NULL,
  functional_user TEXT NOT NULL,
  mechanism TEXT NOT NULL,
  account_name TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  lane TEXT,
  authorized_at REAL,
  pending TEXT,
  created_at REAL NOT NULL,
  updated_at REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
  lane TEXT PRIMARY KEY,
  plugin TEXT NOT NULL,
  account_id TEXT NOT NULL,
  account_name TEXT NOT NULL,
  token TEXT,
  protected INTEGER,
  access_level TEXT,
  checked_at REAL,
  revoked INTEGER NOT NULL,
  paused INTEGER NOT NULL,
  hold TEXT
) STRICT, WITHOUT ROWID;

-- seq is the order of acceptance. AUTOINCREMENT, since a number of a deleted row must not come again: cursors and the
-- ranges in `repeats` rely on it.
CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  plugin TEXT NOT NULL,
  lane TEXT NOT NULL,
  registration_id TEXT NOT NULL,
  functional_user TEXT NOT NULL,
  account_name TEXT NOT NULL,
  content TEXT NOT NULL,
  entry_id TEXT,
  text TEXT NOT NULL,
  priority INTEGER NOT NULL,
  client TEXT NOT NULL,
  accepted_at REAL NOT NULL,
  expires_at REAL NOT NULL,
  state TEXT NOT NULL DEFAULT 'queued',
  begun INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  delivered_at REAL,
  next_attempt_at REAL,
  last_fault TEXT
) STRICT;

-- Partial, so that they stay as small as what is live while the table grows. A query must repeat the condition word by
-- word to be given one (https://www.sqlite.org/partialindex.html, section 3).
-- `state` is in it so that what is live can be looked through without its rows.
CREATE INDEX deliveries_head ON deliveries (lane, begun, priority, seq, state)
  WHERE state IN ('queued', 'sending', 'waiting', 'in-doubt');
CREATE INDEX deliveries_expiry ON deliveries (plugin, expires_at)
  WHERE begun = 0 AND state IN ('queued', 'sending', 'waiting', 'in-doubt');
CREATE INDEX deliveries_undelivered ON deliveries (seq) WHERE state IN ('failed', 'expired', 'cancelled');
CREATE INDEX deliveries_entry ON deliveries (entry_id, seq) WHERE entry_id IS NOT NULL;
CREATE INDEX deliveries_accepted ON deliveries (accepted_at);

CREATE TABLE posts (
  delivery_seq INTEGER NOT NULL REFERENCES deliveries (seq) ON DELETE CASCADE,
  idx INTEGER NOT NULL,
  lane TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'queued',
  text TEXT NOT NULL,
  reply INTEGER NOT NULL,
  id TEXT,
  url TEXT,
  begun_at REAL,
  doubt_at REAL,
  looks INTEGER NOT NULL DEFAULT 0,
  blind INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (delivery_seq, idx)
) STRICT, WITHOUT ROWID;

CREATE INDEX posts_open ON posts (state, lane) WHERE state IN ('begun', 'in-doubt');
-- Decimal ids in numeric order: the longer is the greater.
CREATE INDEX posts_posted ON posts (lane, length(id), id) WHERE state = 'posted';

-- How a repeated call is recognised. A table of its own, pruned with its window, because random keys in a large index
-- cost 2 to 9 times as much as ordered ones. The deliveries of one call have neighbouring numbers; in order of the first,
-- the oldest rows stand in front, and pruning needs no index by time.
CREATE TABLE repeats (
  first_seq INTEGER PRIMARY KEY,
  last_seq INTEGER NOT NULL,
  at REAL NOT NULL,
  kind TEXT NOT NULL,
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  digest TEXT NOT NULL,
  UNIQUE (kind, scope, key)
) STRICT;

-- The number of deliveries in each state, kept by triggers so that it is right after every rollback and needs no scan.
CREATE TABLE tallies (state TEXT PRIMARY KEY, live INTEGER NOT NULL, count INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
INSERT INTO tallies (state, live)
  VALUES ('queued', 1), ('sending', 1), ('waiting', 1), ('in-doubt', 1), ('delivered', 0), ('failed', 0), ('expired', 0), ('cancelled', 0);
CREATE TRIGGER deliveries_added AFTER INSERT ON deliveries BEGIN
  UPDATE tallies SET count = count + 1 WHERE state = new.state;
END;
CREATE TRIGGER deliveries_moved AFTER UPDATE OF state ON deliveries WHEN old.state <> new.state BEGIN
  UPDATE tallies SET count = count - 1 WHERE state = old.state;
  UPDATE tallies SET count = count + 1 WHERE state = new.state;
END;
CREATE TRIGGER deliveries_removed AFTER DELETE ON deliveries BEGIN
  UPDATE tallies SET count = count - 1 WHERE state = old.state;
END;
