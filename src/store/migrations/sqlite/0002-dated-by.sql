-- Which clock dated a delivery, as long as no service had confirmed that clock; NULL when one had.
ALTER TABLE deliveries ADD COLUMN dated_by TEXT;
CREATE INDEX deliveries_undated ON deliveries (plugin, dated_by) WHERE dated_by IS NOT NULL;
