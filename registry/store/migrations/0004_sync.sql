-- How far each SyncSource has come, and what it brought: so that nothing that somebody here made is written over. A member
-- counts only while it is the same resource, known by the time of its creation.
CREATE TABLE sync_sources (
  source TEXT PRIMARY KEY,
  progress BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sync_members (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  source TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
