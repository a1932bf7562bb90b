-- compatible: 3
-- What recognises a call by its content begins with its entry ID: AR counts these up, so that neighbours in time are
-- neighbours in the index. An older host would not recognise the repeats of a newer one. All deliveries of a call have
-- its entry ID, and some may be pruned by now.
UPDATE repeats SET key = entry_id || ' ' || key, digest = entry_id || ' ' || digest
  FROM deliveries WHERE kind = 'content' AND deliveries.seq = ANY (seqs) AND entry_id IS NOT NULL;
