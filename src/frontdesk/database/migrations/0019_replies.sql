-- Since when what people write in a helpdesk is heard: of one that is declared already, from this upgrade on. Its older
-- replies reached the customer from there.
ALTER TABLE helpdesks ADD COLUMN heard_since timestamptz NOT NULL DEFAULT now();
