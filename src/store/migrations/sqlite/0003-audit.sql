-- Who did what. One row for each act: written before it is begun, with its end added once.
-- AUTOINCREMENT, since a number that was pruned must not come again: cursors rely on it, and a gap tells that a row is gone.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  at REAL NOT NULL,
  client TEXT NOT NULL,
  role TEXT,
  address TEXT,
  method TEXT NOT NULL,
  target TEXT,
  -- JSON
  detail TEXT NOT NULL,
  outcome TEXT NOT NULL,
  arerr INTEGER,
  reason TEXT
) STRICT;

CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_client ON audit (client, seq);

-- What has its end is never changed again, by whatever statement.
CREATE TRIGGER audit_ended BEFORE UPDATE ON audit WHEN old.outcome <> 'begun' BEGIN
  SELECT RAISE(ABORT, 'an audit entry that has its end is never changed');
END;
