/**
 * The tables of `postgresStore`, as SQL that may run any number of times, from several processes at once. The store runs
 * it by itself; run it yourself where the application's role may not create tables. PostgreSQL 13 or newer, UTF-8.
 */
export const migration: string = `
SELECT pg_advisory_xact_lock(6170001);
CREATE TABLE IF NOT EXISTS countersign_entries (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL,
  version bigint NOT NULL,
  expires_at bigint -- epoch milliseconds
);
CREATE INDEX IF NOT EXISTS countersign_entries_expires_at ON countersign_entries (expires_at);
CREATE SEQUENCE IF NOT EXISTS countersign_version;
CREATE TABLE IF NOT EXISTS countersign_changes (
  version bigint PRIMARY KEY,
  key text COLLATE "C" NOT NULL,
  value text, -- null: deleted
  expires_at bigint,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(), -- says to whom it is new: transactions do not end in the order of their numbers
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS countersign_changes_xid ON countersign_changes (xid);
CREATE INDEX IF NOT EXISTS countersign_changes_at ON countersign_changes (at);

CREATE OR REPLACE FUNCTION countersign_commit(writes jsonb, at_ms bigint, wait_ms int) RETURNS boolean LANGUAGE plpgsql AS $body$
DECLARE
  w record;
  there bigint;
  next bigint;
BEGIN
  PERFORM set_config('lock_timeout', wait_ms::text, true); -- who asked will be gone by then
  -- One writer a key, absent ones too; in one order, so that two commits never wait for each other.
  FOR w IN SELECT DISTINCT hashtextextended(x.key, 6170) AS lock FROM jsonb_to_recordset(writes) AS x (key text) ORDER BY 1
  LOOP
    PERFORM pg_advisory_xact_lock(w.lock);
  END LOOP;
  FOR w IN SELECT x.key, x.expected FROM jsonb_to_recordset(writes) AS x (key text, expected text, checked boolean) WHERE x.checked
  LOOP
    there := NULL;
    SELECT e.version INTO there FROM countersign_entries e
      WHERE e.key = w.key AND (e.expires_at IS NULL OR e.expires_at > at_ms);
    IF there::text IS DISTINCT FROM w.expected THEN
      RETURN false;
    END IF;
  END LOOP;
  FOR w IN SELECT x.key, x.value, x.expires_at FROM jsonb_to_recordset(writes) AS x (key text, value text, expires_at bigint)
  LOOP
    IF w.value IS NULL THEN
      DELETE FROM countersign_entries e WHERE e.key = w.key;
      CONTINUE WHEN NOT FOUND;
      next := nextval('countersign_version');
    ELSE
      next := nextval('countersign_version');
      INSERT INTO countersign_entries AS e (key, value, version, expires_at) VALUES (w.key, w.value, next, w.expires_at)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version, expires_at = excluded.expires_at;
    END IF;
    INSERT INTO countersign_changes (version, key, value, expires_at) VALUES (next, w.key, w.value, w.expires_at);
  END LOOP;
  DELETE FROM countersign_entries e WHERE e.key IN (
    SELECT o.key FROM countersign_entries o WHERE o.expires_at <= at_ms ORDER BY o.expires_at LIMIT 16 FOR UPDATE SKIP LOCKED);
  DELETE FROM countersign_changes c WHERE c.version IN (
    SELECT o.version FROM countersign_changes o WHERE o.at < statement_timestamp() - interval '10 minutes'
    ORDER BY o.at LIMIT 32 FOR UPDATE SKIP LOCKED);
  RETURN true;
END
$body$;

CREATE OR REPLACE FUNCTION countersign_take(wanted text, at_ms bigint, wait_ms int) RETURNS text LANGUAGE plpgsql AS $body$
DECLARE
  taken text;
BEGIN
  PERFORM set_config('lock_timeout', wait_ms::text, true);
  PERFORM pg_advisory_xact_lock(hashtextextended(wanted, 6170));
  DELETE FROM countersign_entries e WHERE e.key = wanted AND (e.expires_at IS NULL OR e.expires_at > at_ms)
    RETURNING e.value INTO taken;
  IF FOUND THEN
    INSERT INTO countersign_changes (version, key) VALUES (nextval('countersign_version'), wanted);
  END IF;
  RETURN taken;
END
$body$;
`
