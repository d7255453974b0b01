-- Who changed what. Each link is SHA-256 over the link before it, the sequence and the body, so that nothing can be
-- altered, taken out or moved unnoticed. What the retention dropped leaves the last dropped link behind.
CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  principal TEXT NOT NULL,
  action INTEGER NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  body BLOB NOT NULL,
  link BLOB NOT NULL
) STRICT;
CREATE INDEX audit_of_principal ON audit (principal, sequence);
CREATE INDEX audit_of_name ON audit (kind, name, sequence);

CREATE TABLE audit_anchor (
  sequence INTEGER NOT NULL,
  link BLOB NOT NULL
) STRICT;
INSERT INTO audit_anchor VALUES (0, x'');
