"""The queries that read all objects of a PostgreSQL database, as plain columns of plain values.

They are sent with the home schema as the only one of the search path: what is in it is named without a schema,
everything else with one, in the definitions as well.
"""

from __future__ import annotations

# What belongs to an extension is its, and the server keeps some schemas for itself.
_SEEN = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
_NOT_OF_EXTENSION = (
    " AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = '{catalog}'::regclass AND e.objid = {alias}.oid "
    "AND e.deptype = 'e')"
)
_RELATION = _SEEN + _NOT_OF_EXTENSION.format(catalog="pg_class", alias="c")
_SCHEMA = "CASE WHEN n.nspname <> current_schema() THEN n.nspname::text END"
# A name as SQL has it, and as the path of a table has it.
_NAME = "CASE WHEN n.nspname <> current_schema() THEN quote_ident(n.nspname) || '.' ELSE '' END || quote_ident({name})"
_PATH = "CASE WHEN n.nspname <> current_schema() THEN n.nspname || '.' ELSE '' END || c.relname"
_COMMENT = (
    "LEFT JOIN pg_description o ON o.objoid = {alias}.oid AND o.classoid = '{catalog}'::regclass AND o.objsubid = 0 "
)
_OF_RELATION = "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
_OF_TABLE = f"{_OF_RELATION} AND c.relkind IN ('r', 'p') AND {_RELATION} "

# Whatever the session's settings, values in definitions are written one way.
SETTINGS = (
    "SELECT set_config('search_path', quote_ident(current_schema()), true), set_config('DateStyle', 'ISO, YMD', true), "
    "set_config('IntervalStyle', 'postgres', true), set_config('TimeZone', 'UTC', true), "
    "set_config('quote_all_identifiers', 'off', true), set_config('bytea_output', 'hex', true), "
    "set_config('extra_float_digits', '1', true)"
)

TABLES = (
    f"SELECT c.oid, c.relname::text, {_SCHEMA}, coalesce(o.description, ''), concat_ws(E'\\n', "
    "CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED' END, 'PARTITION BY ' || pg_get_partkeydef(c.oid), "
    "CASE WHEN c.relispartition THEN 'PARTITION OF ' || (SELECT i.inhparent::regclass FROM pg_inherits i "
    "WHERE i.inhrelid = c.oid) || ' ' || pg_get_expr(c.relpartbound, c.oid) ELSE (SELECT 'INHERITS (' || "
    "string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) || ')' FROM pg_inherits i "
    "WHERE i.inhrelid = c.oid) END, 'USING ' || nullif(am.amname, 'heap'), "
    "'WITH (' || array_to_string(c.reloptions, ', ') || ')', CASE WHEN c.relrowsecurity THEN 'ROW LEVEL SECURITY' END, "
    "CASE WHEN c.relforcerowsecurity THEN 'FORCE ROW LEVEL SECURITY' END, CASE c.relreplident "
    "WHEN 'f' THEN 'REPLICA IDENTITY FULL' WHEN 'n' THEN 'REPLICA IDENTITY NOTHING' END), c.reltuples::bigint "
    f"FROM {_OF_TABLE}{_COMMENT.format(alias='c', catalog='pg_class')}"
    "LEFT JOIN pg_am am ON am.oid = c.relam ORDER BY n.nspname, c.relname"
)

# A counter that belongs to a column, with the settings that are not the usual ones.
_COUNTER = (
    "LEFT JOIN (SELECT p.refobjid, p.refobjsubid, p.deptype, s.*, concat_ws(' ', "
    "CASE WHEN seqstart <> CASE WHEN seqincrement > 0 THEN seqmin ELSE seqmax END OR abs(seqstart) <> 1 "
    "THEN 'START WITH ' || seqstart END, CASE WHEN seqincrement <> 1 THEN 'INCREMENT BY ' || seqincrement END, "
    "CASE WHEN seqincrement > 0 AND seqmin <> 1 OR seqincrement < 0 AND seqmin NOT IN "
    "(-32768, -2147483648, -9223372036854775808) THEN 'MINVALUE ' || seqmin END, "
    "CASE WHEN seqincrement > 0 AND seqmax NOT IN (32767, 2147483647, 9223372036854775807) "
    "OR seqincrement < 0 AND seqmax <> -1 THEN 'MAXVALUE ' || seqmax END, "
    "CASE WHEN seqcache <> 1 THEN 'CACHE ' || seqcache END, CASE WHEN seqcycle THEN 'CYCLE' END) AS settings "
    "FROM pg_depend p JOIN pg_sequence s ON s.seqrelid = p.objid WHERE p.classid = 'pg_class'::regclass "
    "AND p.refclassid = 'pg_class'::regclass AND p.deptype IN ('a', 'i')) q "
    "ON q.refobjid = a.attrelid AND q.refobjsubid = a.attnum AND (q.deptype = 'i' OR EXISTS (SELECT 1 FROM pg_depend u "
    "WHERE u.classid = 'pg_attrdef'::regclass AND u.objid = d.oid AND u.refclassid = 'pg_class'::regclass "
    "AND u.refobjid = q.seqrelid)) "
)
COLUMNS = (
    "SELECT attrelid, name, type, nullable, CASE WHEN generated = '' AND NOT serial THEN expression END, "
    "CASE WHEN generated <> '' THEN expression ELSE '' END, generated = 's', "
    "CASE WHEN serial THEN 'serial' WHEN identity = 'a' THEN 'always' WHEN identity = 'd' THEN 'by default' ELSE '' "
    "END, collated, comment, CASE WHEN serial THEN replace(replace(replace(type, 'bigint', 'bigserial'), 'smallint', "
    "'smallserial'), 'integer', 'serial') ELSE concat_ws(' ', type, 'COLLATE ' || nullif(collated, ''), "
    "CASE WHEN identity <> '' THEN 'GENERATED ' || CASE identity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END || "
    "' AS IDENTITY' || coalesce(' (' || nullif(settings, '') || ')', '') "
    "WHEN generated <> '' THEN 'GENERATED ALWAYS AS (' || expression || CASE generated WHEN 's' THEN ') STORED' "
    "ELSE ') VIRTUAL' END ELSE 'DEFAULT ' || expression END, "
    "CASE WHEN NOT nullable AND identity = '' THEN 'NOT NULL' END) END FROM (SELECT b.*, "
    "deptype = 'a' AND settings = '' AND NOT nullable AND expression LIKE 'nextval(%::regclass)' IS TRUE AS serial "
    "FROM (SELECT a.attrelid, a.attnum, a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type, "
    "NOT a.attnotnull AS nullable, pg_get_expr(d.adbin, d.adrelid, true) AS expression, a.attgenerated AS generated, "
    "a.attidentity AS identity, CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text "
    "ELSE '' END AS collated, coalesce(o.description, '') AS comment, q.deptype, q.settings "
    f"FROM {_OF_TABLE}JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
    "AND (a.attislocal OR a.attinhcount = 0) AND NOT c.relispartition JOIN pg_type t ON t.oid = a.atttypid "
    "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
    f"{_COUNTER}"
    "LEFT JOIN pg_description o ON o.objoid = a.attrelid AND o.classoid = 'pg_class'::regclass "
    "AND o.objsubid = a.attnum OFFSET 0) b) s ORDER BY attrelid, attnum"
)

_COLUMNS_OF = (
    "ARRAY(SELECT a.attname::text FROM unnest({numbers}) WITH ORDINALITY u (number, place) JOIN pg_attribute a "
    "ON a.attrelid = {table} AND a.attnum = u.number ORDER BY u.place)"
)
# What PostgreSQL calls a constraint that nobody has named: its table, columns and kind, and a number if need be.
_MADE_UP = (
    "rtrim(k.conname, '0123456789') = ANY (ARRAY[concat_ws('_', c.relname, "
    "CASE WHEN k.contype <> 'p' THEN array_to_string(columns, '_') END, suffix), "
    "CASE WHEN k.contype = 'c' THEN c.relname || '_check' END]) OR k.contype = 'x' AND starts_with(k.conname, "
    "c.relname || '_') AND rtrim(k.conname, '0123456789') LIKE '%\\_excl' OR octet_length(k.conname) BETWEEN 62 AND 63 "
    "AND rtrim(k.conname, '0123456789') LIKE '%\\_' || suffix"
)
CONSTRAINTS = (
    "SELECT k.conrelid, kind, k.conname::text, pg_get_constraintdef(k.oid, true), columns, "
    "coalesce((SELECT CASE WHEN n.nspname <> current_schema() THEN n.nspname || '.' ELSE '' END || f.relname "
    "FROM pg_class f JOIN pg_namespace n ON n.oid = f.relnamespace WHERE f.oid = nullif(k.confrelid, 0)), ''), "
    "CASE WHEN k.contype = 'f' THEN " + _COLUMNS_OF.format(numbers="k.confkey", table="k.confrelid") + " ELSE '{}' "
    f"END, coalesce(NOT ({_MADE_UP}), true) FROM {_OF_TABLE}JOIN pg_constraint k ON k.conrelid = "
    f"c.oid AND k.conislocal "
    "AND k.conparentid = 0 JOIN (VALUES ('p'::\"char\", 'primary key', 'pkey', 1), ('u', 'unique', 'key', 2), "
    "('x', 'exclude', 'excl', 3), ('c', 'check', 'check', 4), ('f', 'foreign key', 'fkey', 5)) "
    "w (type, kind, suffix, place) ON w.type = k.contype, "
    "LATERAL (SELECT " + _COLUMNS_OF.format(numbers="k.conkey", table="k.conrelid") + " AS columns OFFSET 0) l "
    "ORDER BY k.conrelid, w.place, k.conname"
)

# The columns of expressions and conditions are only known as what the index depends on.
INDEXES = (
    "SELECT i.indrelid, c.relkind = 'm', x.oid, x.relname::text, "
    "CASE WHEN starts_with(whole, head || ' USING btree (') "
    "THEN head || substr(whole, length(head || ' USING btree') + 1) ELSE whole END, columns, i.indisunique, "
    "whole = head || ' USING btree (' || array_to_string(ARRAY(SELECT quote_ident(column_name) "
    f"FROM unnest(columns) column_name), ', ') || ')', coalesce(o.description, ''), {_NAME.format(name='x.relname')} "
    f"FROM {_OF_RELATION} AND c.relkind IN ('r', 'p', 'm') AND {_RELATION} "
    "JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid AND NOT x.relispartition "
    f"{_COMMENT.format(alias='x', catalog='pg_class')}, LATERAL (SELECT "
    + _COLUMNS_OF.format(numbers="i.indkey::int2[]", table="i.indrelid")
    + " || CASE WHEN i.indexprs IS NULL AND i.indpred IS NULL THEN '{}' ELSE ARRAY(SELECT a.attname::text "
    "FROM pg_depend p JOIN pg_attribute a ON a.attrelid = p.refobjid AND a.attnum = p.refobjsubid "
    "WHERE p.classid = 'pg_class'::regclass AND p.objid = x.oid AND p.refclassid = 'pg_class'::regclass "
    "AND p.refobjid = i.indrelid AND p.refobjsubid > 0 AND p.refobjsubid <> ALL (i.indkey::int2[]) "
    "GROUP BY a.attnum, a.attname ORDER BY a.attnum) END AS columns, "
    "replace(pg_get_indexdef(x.oid, 0, true), ' ON ONLY ', ' ON ') AS whole, "
    "concat('CREATE ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, 'INDEX ', quote_ident(x.relname), ' ON ', "
    "c.oid::regclass) AS head OFFSET 0) l WHERE NOT EXISTS (SELECT 1 FROM pg_constraint k "
    "WHERE k.conindid = x.oid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')) "
    "ORDER BY i.indrelid, x.relname"
)

EXTRAS = (
    "SELECT c.oid, c.relkind, c.oid::regclass::text, 'trigger', 'pg_trigger'::regclass::oid, t.oid, "
    "quote_ident(t.tgname), t.tgname::text, "
    "concat_ws(E';\\n', pg_get_triggerdef(t.oid, true), CASE t.tgenabled WHEN 'D' THEN 'ALTER TABLE ' || "
    "c.oid::regclass || ' DISABLE TRIGGER ' || quote_ident(t.tgname) WHEN 'R' THEN 'ALTER TABLE ' || "
    "c.oid::regclass || ' ENABLE REPLICA TRIGGER ' || quote_ident(t.tgname) WHEN 'A' THEN 'ALTER TABLE ' || "
    f"c.oid::regclass || ' ENABLE ALWAYS TRIGGER ' || quote_ident(t.tgname) END) FROM {_OF_RELATION} AND {_RELATION} "
    "JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgparentid = 0 "
    "UNION ALL SELECT c.oid, c.relkind, c.oid::regclass::text, 'rule', 'pg_rewrite'::regclass::oid, "
    "r.oid, quote_ident(r.rulename), "
    f"r.rulename::text, rtrim(pg_get_ruledef(r.oid, true), ';') FROM {_OF_RELATION} AND {_RELATION} "
    "JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename <> '_RETURN' "
    "UNION ALL SELECT c.oid, c.relkind, c.oid::regclass::text, 'policy', 'pg_policy'::regclass::oid, "
    "p.oid, quote_ident(p.polname), "
    "p.polname::text, concat('CREATE POLICY ', quote_ident(p.polname), ' ON ', c.oid::regclass, "
    "CASE WHEN NOT p.polpermissive THEN ' AS RESTRICTIVE' END, CASE p.polcmd WHEN 'r' THEN ' FOR SELECT' "
    "WHEN 'a' THEN ' FOR INSERT' WHEN 'w' THEN ' FOR UPDATE' WHEN 'd' THEN ' FOR DELETE' END, "
    "' TO ' || nullif(array_to_string(ARRAY(SELECT r.oid::regrole::text FROM unnest(p.polroles) r (oid) "
    "WHERE r.oid <> 0 ORDER BY 1), ', '), ''), ' USING (' || pg_get_expr(p.polqual, p.polrelid, true) || ')', "
    f"' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid, true) || ')') FROM {_OF_RELATION} AND {_RELATION} "
    "JOIN pg_policy p ON p.polrelid = c.oid ORDER BY 1, 4, 8"
)

VIEWS = (
    f"SELECT c.oid, CASE c.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, "
    f"{_NAME.format(name='c.relname')}, concat('CREATE ', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED ' END, 'VIEW ', "
    "c.oid::regclass, ' WITH (' || array_to_string(c.reloptions, ', ') || ')', E' AS\\n', "
    "rtrim(pg_get_viewdef(c.oid, true), ';')), coalesce(o.description, ''), ARRAY(SELECT quote_ident(a.attname) || ' ' "
    "|| format_type(a.atttypid, a.atttypmod) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 "
    f"AND NOT a.attisdropped ORDER BY a.attnum) FROM {_OF_RELATION} AND c.relkind IN ('v', 'm') AND {_RELATION} "
    f"{_COMMENT.format(alias='c', catalog='pg_class')}ORDER BY n.nspname, c.relname"
)

_BARE = "quote_ident(n.nspname) || '.' || quote_ident(p.proname)"
AGGREGATE = (
    "concat('CREATE AGGREGATE ', {name}, '(', pg_get_function_arguments(p.oid), E') (\\n    ', concat_ws(E',\\n    ', "
    "'SFUNC = ' || g.aggtransfn::regproc, 'STYPE = ' || format_type(g.aggtranstype, NULL), "
    "'SSPACE = ' || nullif(g.aggtransspace, 0), 'FINALFUNC = ' || nullif(g.aggfinalfn, 0)::regproc, "
    "CASE WHEN g.aggfinalextra THEN 'FINALFUNC_EXTRA' END, 'COMBINEFUNC = ' || nullif(g.aggcombinefn, 0)::regproc, "
    "'SERIALFUNC = ' || nullif(g.aggserialfn, 0)::regproc, 'DESERIALFUNC = ' || nullif(g.aggdeserialfn, 0)::regproc, "
    "'INITCOND = ' || quote_literal(g.agginitval), 'MSFUNC = ' || nullif(g.aggmtransfn, 0)::regproc, "
    "'MINVFUNC = ' || nullif(g.aggminvtransfn, 0)::regproc, 'MSTYPE = ' || format_type(nullif(g.aggmtranstype, 0), "
    "NULL), 'MFINALFUNC = ' || nullif(g.aggmfinalfn, 0)::regproc, 'MINITCOND = ' || quote_literal(g.aggminitval), "
    "'SORTOP = OPERATOR(' || (SELECT quote_ident(m.nspname) || '.' || w.oprname FROM pg_operator w "
    "JOIN pg_namespace m ON m.oid = w.oprnamespace WHERE w.oid = g.aggsortop) || ')', "
    "CASE p.proparallel WHEN 's' THEN 'PARALLEL = SAFE' WHEN 'r' THEN 'PARALLEL = RESTRICTED' END, "
    "CASE g.aggkind WHEN 'h' THEN 'HYPOTHETICAL' END), E'\\n)')"
)
# The definition that the server gives has the schema's name also where it is the usual one.
FUNCTIONS = (
    "SELECT oid, kind, name || '(' || types || ')', CASE WHEN kind <> 'aggregate' "
    "AND starts_with(definition, head || bare || '(') THEN head || name || substr(definition, "
    "length(head || bare) + 1) "
    "ELSE definition END, comment FROM (SELECT p.oid, k.kind, "
    f"{_NAME.format(name='p.proname')} AS name, {_BARE} AS bare, 'CREATE OR REPLACE ' || upper(k.kind) || ' ' AS head, "
    "CASE p.prokind WHEN 'a' THEN " + AGGREGATE.format(name=_NAME.format(name="p.proname")) + " "
    "ELSE rtrim(pg_get_functiondef(p.oid), E'\\n') END AS definition, coalesce(o.description, '') AS "
    "comment, n.nspname, "
    "CASE p.prokind WHEN 'a' THEN coalesce(nullif(pg_get_function_identity_arguments(p.oid), ''), '*') "
    "ELSE array_to_string(ARRAY(SELECT format_type(a.type, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY "
    "a (type, place) ORDER BY a.place), ', ') END AS types FROM pg_proc p JOIN pg_namespace n ON "
    "n.oid = p.pronamespace "
    f"{_COMMENT.format(alias='p', catalog='pg_proc')}LEFT JOIN pg_aggregate g ON g.aggfnoid = p.oid, "
    "LATERAL (SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END AS kind) k "
    f"WHERE {_SEEN} {_NOT_OF_EXTENSION.format(catalog='pg_proc', alias='p')} AND NOT EXISTS (SELECT 1 FROM pg_depend e "
    "WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'i') OFFSET 0) f "
    "ORDER BY nspname, name, 3"
)

TYPES = (
    (
        "SELECT t.oid, t.typarray, t.typrelid, "
        "CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range' ELSE 'composite' END, "
        f"{_NAME.format(name='t.typname')}, CASE t.typtype WHEN 'e' THEN concat('CREATE TYPE ', "
        f"{{name}}, ' AS ENUM (', "
        "(SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e "
        "WHERE e.enumtypid = t.oid), ')') WHEN 'd' THEN concat_ws(E'\\n    ', concat('CREATE DOMAIN ', {name}, ' AS ', "
        "format_type(t.typbasetype, t.typtypmod), (SELECT ' COLLATE ' || t.typcollation::regcollation FROM pg_type b "
        "WHERE b.oid = t.typbasetype AND b.typcollation <> t.typcollation)), "
        "'DEFAULT ' || pg_get_expr(t.typdefaultbin, 0, true), CASE WHEN t.typnotnull THEN 'NOT NULL' END, "
        "(SELECT string_agg('CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid, true), "
        "E'\\n    ' ORDER BY k.conname) FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c')) "
        "WHEN 'c' THEN concat('CREATE TYPE ', {name}, E' AS (\\n    ', (SELECT "
        "string_agg(quote_ident(a.attname) || ' ' || "
        "format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attcollation <> b.typcollation THEN ' COLLATE ' || "
        "a.attcollation::regcollation ELSE '' END, E',\\n    ' ORDER BY a.attnum) FROM pg_attribute a "
        "JOIN pg_type b ON b.oid = a.atttypid WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), "
        "E'\\n)') ELSE (SELECT concat('CREATE TYPE ', {name}, ' AS RANGE (', concat_ws(', ', 'SUBTYPE = ' || "
        "format_type(g.rngsubtype, NULL), (SELECT 'SUBTYPE_OPCLASS = ' || quote_ident(s.nspname) || '.' || "
        "quote_ident(w.opcname) FROM pg_opclass w JOIN pg_namespace s ON s.oid = w.opcnamespace "
        "WHERE w.oid = g.rngsubopc "
        "AND NOT w.opcdefault), 'SUBTYPE_DIFF = ' || nullif(g.rngsubdiff, 0)::regproc, 'COLLATION = ' || "
        "(SELECT g.rngcollation::regcollation FROM pg_type b WHERE b.oid = g.rngsubtype AND b.typcollation <> "
        "g.rngcollation), 'MULTIRANGE_TYPE_NAME = ' || (to_jsonb(g) ->> 'rngmultitypid')::oid::regtype), ')') "
        "FROM pg_range g WHERE g.rngtypid = t.oid) END, coalesce(o.description, ''), CASE t.typtype WHEN 'e' THEN "
        "ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY "
        "e.enumsortorder) ELSE '{{}}' END "
        "FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid "
        f"{_COMMENT.format(alias='t', catalog='pg_type')}"
        "WHERE (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND c.relkind = 'c') AND "
        f"{_SEEN}{_NOT_OF_EXTENSION.format(catalog='pg_type', alias='t')} ORDER BY n.nspname, t.typname"
    )
    .replace("{{", "{")
    .replace("}}", "}")
    .replace("{name}", _NAME.format(name="t.typname"))
)

# Those of serial and identity columns belong to them; where the counting is odd, it is a sequence of its own.
SEQUENCES = (
    f"SELECT c.oid, {_NAME.format(name='c.relname')}, concat('CREATE SEQUENCE ', {_NAME.format(name='c.relname')}, "
    "CASE WHEN s.seqtypid <> 'bigint'::regtype THEN ' AS ' || format_type(s.seqtypid, NULL) END, "
    "CASE WHEN s.seqincrement <> 1 THEN ' INCREMENT BY ' || s.seqincrement END, ' MINVALUE ' || s.seqmin, "
    "' MAXVALUE ' || s.seqmax, ' START WITH ' || s.seqstart, CASE WHEN s.seqcache <> 1 THEN ' CACHE ' || s.seqcache "
    "END, CASE WHEN s.seqcycle THEN ' CYCLE' END, "
    "' OWNED BY ' || p.refobjid::regclass || '.' || (SELECT quote_ident(a.attname) FROM pg_attribute a "
    "WHERE a.attrelid = p.refobjid AND a.attnum = p.refobjsubid)), coalesce(o.description, ''), "
    "CASE WHEN p.objid IS NOT NULL THEN p.refobjid END, (SELECT a.attname::text FROM pg_attribute a "
    "WHERE a.attrelid = p.refobjid AND a.attnum = p.refobjsubid) "
    f"FROM {_OF_RELATION} AND c.relkind = 'S' AND {_RELATION} JOIN pg_sequence s ON s.seqrelid = c.oid "
    f"{_COMMENT.format(alias='c', catalog='pg_class')}LEFT JOIN pg_depend p ON p.classid = 'pg_class'::regclass "
    "AND p.objid = c.oid AND p.refclassid = 'pg_class'::regclass AND p.deptype IN ('a', 'i') "
    "WHERE p.deptype IS DISTINCT FROM 'i' ORDER BY n.nspname, c.relname"
)

SCHEMAS = (
    "SELECT quote_ident(n.nspname), coalesce(o.description, '') FROM pg_namespace n "
    f"{_COMMENT.format(alias='n', catalog='pg_namespace')}WHERE {_SEEN} AND n.nspname NOT IN ('public', "
    f"current_schema()) {_NOT_OF_EXTENSION.format(catalog='pg_namespace', alias='n')} ORDER BY n.nspname"
)
EXTENSIONS = (
    "SELECT quote_ident(x.extname), concat('CREATE EXTENSION ', quote_ident(x.extname), CASE WHEN x.extrelocatable "
    "AND n.nspname NOT IN (current_schema(), 'pg_catalog') THEN ' WITH SCHEMA ' || quote_ident(n.nspname) END), "
    "ARRAY(SELECT quote_ident(y.extname) FROM pg_depend p JOIN pg_extension y ON y.oid = p.refobjid "
    "WHERE p.classid = 'pg_extension'::regclass AND p.objid = x.oid AND p.refclassid = 'pg_extension'::regclass "
    "ORDER BY 1) FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace WHERE x.extname <> 'plpgsql' "
    "ORDER BY x.extname"
)

# Who needs whom: its catalog and number, and those of what it needs. Built-in objects have smaller numbers.
NEEDS = (
    "SELECT DISTINCT 'pg_class'::regclass::oid, r.ev_class, d.refclassid, d.refobjid FROM pg_rewrite r "
    "JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND r.rulename = '_RETURN' "
    "WHERE d.refobjid >= 16384 AND d.refobjid <> r.ev_class "
    "UNION SELECT d.classid, d.objid, d.refclassid, d.refobjid FROM pg_depend d WHERE d.refobjid >= 16384 "
    "AND d.classid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_trigger'::regclass, 'pg_policy'::regclass) "
    "AND d.deptype IN ('n', 'a') AND d.refclassid IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass) "
    "UNION SELECT d.classid, r.oid, d.refclassid, d.refobjid FROM pg_rewrite r JOIN pg_depend d "
    "ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid WHERE r.rulename <> '_RETURN' AND d.refobjid >= 16384 "
    "UNION SELECT d.classid, d.objid, d.refclassid, d.refobjid FROM pg_depend d "
    "WHERE d.classid = 'pg_class'::regclass AND d.refclassid IN ('pg_type'::regclass, 'pg_proc'::regclass) "
    "AND d.deptype = 'n' AND d.refobjid >= 16384 "
    "UNION SELECT 'pg_class'::regclass::oid, i.indrelid, d.refclassid, d.refobjid FROM pg_index i JOIN pg_depend d "
    "ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.refclassid IN ('pg_type'::regclass, "
    "'pg_proc'::regclass) AND d.refobjid >= 16384 "
    "UNION SELECT 'pg_class'::regclass::oid, a.adrelid, d.refclassid, d.refobjid FROM pg_attrdef a JOIN pg_depend d "
    "ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid AND d.deptype = 'n' WHERE d.refobjid >= 16384 "
    "AND d.refobjid <> a.adrelid AND NOT EXISTS (SELECT 1 FROM pg_depend o WHERE o.classid = 'pg_class'::regclass "
    "AND o.objid = d.refobjid AND o.refobjid = a.adrelid AND o.deptype = 'a' AND d.refclassid = 'pg_class'::regclass) "
    "UNION SELECT CASE k.contypid WHEN 0 THEN 'pg_class'::regclass ELSE 'pg_type'::regclass END::oid, "
    "CASE k.contypid WHEN 0 THEN k.conrelid ELSE k.contypid END, d.refclassid, d.refobjid FROM pg_constraint k "
    "JOIN pg_depend d ON d.classid = 'pg_constraint'::regclass AND d.objid = k.oid AND d.deptype = 'n' "
    "AND k.contype = 'c' WHERE d.refobjid >= 16384 AND d.refclassid IN ('pg_type'::regclass, 'pg_proc'::regclass)"
)
CLASSES = "SELECT 'pg_class'::regclass::oid, 'pg_type'::regclass::oid, 'pg_proc'::regclass::oid"
ROW_TYPES = (
    "SELECT c.oid, t.oid, t.typarray FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid "
    "AND c.relkind IN ('r', 'p', 'v', 'm') AND c.oid >= 16384 WHERE EXISTS (SELECT 1 FROM pg_depend d "
    "WHERE d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid, t.typarray) AND d.deptype = 'n')"
)
