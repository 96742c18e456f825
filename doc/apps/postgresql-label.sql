-- doc/apps/postgresql-label.sql - trust realm and label of a session, in SQL
-- SPDX-License-Identifier: BSD-2-Clause
--
-- Run as superuser in each database, with the audit file of trustrealmd:
--
--     psql -v audit=/var/log/trustrealm/audit -f postgresql-label.sql
--
-- The backend is the process that accepted the context, so trustrealmd's
-- record has its process id.  Process ids are reused: only records that are
-- younger than the backend count.

CREATE SCHEMA trustrealm;
GRANT USAGE ON SCHEMA trustrealm TO PUBLIC;

CREATE TABLE trustrealm.audit (path text NOT NULL, tail bigint NOT NULL);
INSERT INTO trustrealm.audit VALUES (:'audit', 4194304);

-- The record of this session's context, or NULL: not by GSS-API encryption,
-- or so long ago that it is not in the file's last octets any more.
CREATE FUNCTION trustrealm.session() RETURNS jsonb
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    WITH file AS (
        SELECT path, tail, (pg_stat_file(path)).size FROM trustrealm.audit
    ), line AS (
        SELECT text, number
        FROM file, string_to_table(pg_read_file(path,
            greatest(size - tail, 0), least(size, tail)), E'\n')
            WITH ORDINALITY AS lines(text, number)
        WHERE text LIKE '{"time"%"event":"accept","result":"allow"%}'
    ), record AS (
        SELECT text::jsonb AS r, number FROM line
    )
    SELECT r FROM record, pg_stat_get_activity(pg_backend_pid()) AS own
    WHERE (r->>'pid')::int = own.pid AND r->>'service' = 'postgres'
        AND own.gss_enc AND (r->>'time')::timestamptz >=
            date_trunc('milliseconds', own.backend_start)
    ORDER BY number DESC LIMIT 1
$$;

-- In the server's own format; the lowest one for a by-passed plain client.
CREATE FUNCTION trustrealm.label() RETURNS text LANGUAGE sql STABLE
    AS $$ SELECT trustrealm.session()->>'local_label' $$;

-- NULL for a by-passed plain client.
CREATE FUNCTION trustrealm.realm() RETURNS text LANGUAGE sql STABLE
    AS $$ SELECT trustrealm.session()->>'realm' $$;

CREATE FUNCTION trustrealm.sender() RETURNS text LANGUAGE sql STABLE
    AS $$ SELECT trustrealm.session()->>'sender' $$;
