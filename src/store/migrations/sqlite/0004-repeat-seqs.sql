-- The deliveries of one call have neighbouring numbers here, but not where several hosts accept at once: a call that came
-- from such a store (`perch store copy`) brings its numbers as a JSON list; NULL says that they are first_seq to last_seq.
ALTER TABLE repeats ADD COLUMN seqs TEXT;
