-- What became of the attempts of a delivery that did not go out at once, as JSON; NULL for all others, which are nearly all.
ALTER TABLE deliveries ADD COLUMN history TEXT;
