-- doc/apps/postgresql-label.sql - trust realm and label of a session, in SQL
-- SPDX-License-Identifier: BSD-2-Clause
--
-- trustrealm.conf has "target = file:/var/log/trustrealm/audit" in [audit].
-- Let the server read that file (setfacl is in the package acl; logrotate
-- keeps this if its "create" is without a mode), then run in each database:
--
--     setfacl -m u:postgres:r /var/log/trustrealm/audit
--     cd /usr/share/doc/trustrealm/apps
--     runuser -u postgres -- psql -v audit=/var/log/trustrealm/audit \
--         -f postgresql-label.sql postgres
--
-- Rows that only connections of one label see, with one look-up a query:
--
--     ALTER TABLE plans ENABLE ROW LEVEL SECURITY;
--     CREATE POLICY label ON plans
--         USING (label = (SELECT trustrealm.label()));
--
-- Nobody but superusers can read the records, or change what the functions
-- say.  They know the label of the connection, not of single messages.
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
