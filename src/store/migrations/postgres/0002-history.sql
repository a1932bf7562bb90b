-- compatible: 1
-- What each host counted in each minute; `minute` is that since 1970, UTC. src/minute-counts.ts says what the columns are.
-- In order of time, so that a span is read in one go. `id` makes a row that is written again, because nobody answered, the same row.
CREATE TABLE history (
  minute integer NOT NULL,
  id text NOT NULL,
  -- Deliveries of the whole store that had not ended when the minute had; NULL where the host could not tell.
  queued integer,
  accepted integer NOT NULL,
  delivered integer NOT NULL,
  failed integer NOT NULL,
  expired integer NOT NULL,
  cancelled integer NOT NULL,
  retried integer NOT NULL,
  latency_ms double precision NOT NULL,
  took_100 integer NOT NULL,
  took_250 integer NOT NULL,
  took_500 integer NOT NULL,
  took_1000 integer NOT NULL,
  took_2500 integer NOT NULL,
  took_5000 integer NOT NULL,
  took_10000 integer NOT NULL,
  took_30000 integer NOT NULL,
  took_60000 integer NOT NULL,
  took_300000 integer NOT NULL,
  took_900000 integer NOT NULL,
  took_3600000 integer NOT NULL,
  took_14400000 integer NOT NULL,
  took_86400000 integer NOT NULL,
  took_longer integer NOT NULL,
  PRIMARY KEY (minute, id)
);

