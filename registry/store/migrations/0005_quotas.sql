-- What of each quota has been given to gateways in the current window of a key, and what the present run of each gateway holds
-- of it: in all, and what it has spent. end_ms is 0 for a window that never ends.
CREATE TABLE quota_windows (
  policy_set TEXT NOT NULL,
  rule TEXT NOT NULL,
  key BLOB NOT NULL,
  period TEXT NOT NULL,
  start_ms INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (policy_set, rule, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX quota_windows_by_end ON quota_windows (end_ms);

CREATE TABLE quota_leases (
  policy_set TEXT NOT NULL,
  rule TEXT NOT NULL,
  key BLOB NOT NULL,
  gateway TEXT NOT NULL,
  run INTEGER NOT NULL,
  run_before INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  calls_used INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  bytes_used INTEGER NOT NULL,
  PRIMARY KEY (policy_set, rule, key, gateway)
) STRICT, WITHOUT ROWID;
