-- Counters that only grow: the global revision, the newest forgotten deletion, and the order of definitions and status.
CREATE TABLE sequences (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO sequences VALUES ('revision', 0), ('forgotten', 0), ('definitions', 0), ('status', 0);

CREATE TABLE resources (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  revision INTEGER NOT NULL UNIQUE,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  -- What lists filter by; the spec is not read for it.
  lifecycle INTEGER NOT NULL,
  approval INTEGER NOT NULL,
  owner TEXT NOT NULL,
  spec BLOB NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT;

CREATE TABLE resource_tags (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  tag TEXT NOT NULL,
  PRIMARY KEY (kind, name, tag)
) STRICT, WITHOUT ROWID;

-- A path leads to one server; position 0 is the one in force, the others are aliases.
CREATE TABLE base_paths (
  base_path TEXT PRIMARY KEY,
  server TEXT NOT NULL,
  position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX base_paths_of_server ON base_paths (server);

-- The change log is the revisions of what exists and of what was deleted.
CREATE TABLE deletions (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  revision INTEGER NOT NULL UNIQUE,
  PRIMARY KEY (kind, name)
) STRICT;

-- What servers offer. A body is kept once, however many servers describe the same.
CREATE TABLE definition_lists (
  server TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL UNIQUE,
  listed_at_ms INTEGER NOT NULL,
  info BLOB NOT NULL
) STRICT;
CREATE TABLE definition_items (
  server TEXT NOT NULL,
  position INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (server, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX definition_items_of_body ON definition_items (body);
CREATE TABLE definition_bodies (
  sha256 BLOB PRIMARY KEY,
  json TEXT NOT NULL
) STRICT;

CREATE TABLE status (
  server TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL UNIQUE,
  body BLOB NOT NULL
) STRICT;

-- The newest call records.
CREATE TABLE calls (
  id INTEGER PRIMARY KEY,
  server TEXT NOT NULL,
  principal TEXT NOT NULL,
  refused INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX calls_of_server ON calls (server, id);
CREATE INDEX calls_of_principal ON calls (principal, id);

-- The registry's own: sealed keys, joined gateways.
CREATE TABLE own_values (
  key TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
