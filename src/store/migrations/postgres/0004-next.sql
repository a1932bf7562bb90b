-- compatible: 3
-- What is next in a lane and has not begun, in order; read from deliveries_head as perch_head does.
CREATE FUNCTION perch_next(of_lane text, moment double precision, since double precision, clock text, most integer) RETURNS SETOF bigint
  LANGUAGE plpgsql STABLE SET enable_bitmapscan = off SET enable_seqscan = off AS $$
BEGIN
  RETURN QUERY SELECT seq FROM deliveries WHERE lane = of_lane AND NOT begun AND state IN ('queued', 'sending', 'waiting', 'in-doubt')
    AND NOT (expires_at <= moment AND accepted_at >= since AND dated_by IS NOT DISTINCT FROM clock)
    AND (SELECT enabled FROM registrations WHERE registrations.id = deliveries.registration_id)
    ORDER BY priority, seq LIMIT most;
END $$;
