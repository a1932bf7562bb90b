-- What each host counted in each minute; `minute` is that since 1970, UTC. src/minute-counts.ts says what the columns are.
-- In order of time, so that a span is read in one go. `id` makes a row that is written again, because nobody answered, the same row.
CREATE TABLE history (
  minute INTEGER NOT NULL,
  id TEXT NOT NULL,
  -- Deliveries of the whole store that had not ended when the minute had; NULL where the host could not tell.
  queued INTEGER,
  accepted INTEGER NOT NULL,
  delivered INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  expired INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  retried INTEGER NOT NULL,
  latency_ms REAL NOT NULL,
  took_100 INTEGER NOT NULL,
  took_250 INTEGER NOT NULL,
  took_500 INTEGER NOT NULL,
  took_1000 INTEGER NOT NULL,
  took_2500 INTEGER NOT NULL,
  took_5000 INTEGER NOT NULL,
  took_10000 INTEGER NOT NULL,
  took_30000 INTEGER NOT NULL,
  took_60000 INTEGER NOT NULL,
  took_300000 INTEGER NOT NULL,
  took_900000 INTEGER NOT NULL,
  took_3600000 INTEGER NOT NULL,
  took_14400000 INTEGER NOT NULL,
  took_86400000 INTEGER NOT NULL,
  took_longer INTEGER NOT NULL,
  PRIMARY KEY (minute, id)
) STRICT, WITHOUT ROWID;
