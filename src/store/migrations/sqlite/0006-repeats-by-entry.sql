-- What recognises a call by its content begins with its entry ID: AR counts these up, so that neighbours in time are
-- neighbours in the index, and a commit writes its last page in place of a page for each call.
UPDATE repeats SET (key, digest) = (SELECT entry_id || ' ' || key, entry_id || ' ' || digest FROM deliveries WHERE seq = first_seq)
  WHERE kind = 'content' AND EXISTS (SELECT 1 FROM deliveries WHERE seq = first_seq AND entry_id IS NOT NULL);
