-- What was accepted of a server's definitions, and how what it offers now differs from that. Servers known from before are
-- pinned by their next listing, since hashes are made in another way from here on.
ALTER TABLE definition_lists ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;

CREATE TABLE pinned_items (
  server TEXT NOT NULL,
  position INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (server, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX pinned_items_of_body ON pinned_items (body);

-- Hashes that are refused whenever they are offered.
CREATE TABLE rejected_items (
  server TEXT NOT NULL,
  kind INTEGER NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (server, kind, name, hash)
) STRICT, WITHOUT ROWID;

-- An empty hash, and an empty body with it: there is none.
CREATE TABLE drift_items (
  server TEXT NOT NULL,
  position INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  name TEXT NOT NULL,
  change INTEGER NOT NULL,
  state INTEGER NOT NULL,
  since_ms INTEGER NOT NULL,
  old_hash TEXT NOT NULL,
  old_body BLOB NOT NULL,
  new_hash TEXT NOT NULL,
  new_body BLOB NOT NULL,
  PRIMARY KEY (server, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX drift_items_of_old_body ON drift_items (old_body);
CREATE INDEX drift_items_of_new_body ON drift_items (new_body);
