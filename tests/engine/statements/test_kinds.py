import pytest

from miger.engine.statements.kinds import KIND_OF_WORD, kind_of, reads_stdin


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("insert into t values (1)", "INSERT"),
        ("SeLeCt 1", "SELECT"),
        ("(SELECT 1) UNION (SELECT 2)", "SELECT"),
        ("WITH a AS (SELECT 1) DELETE FROM t", "WITH"),
        ("create /* x */\n -- y\n table t (a int)", "CREATE TABLE"),
        ("CREATE TEMP TABLE t (a int)", "CREATE TEMP TABLE"),
        ("CREATE GLOBAL TEMPORARY TABLE t (a int)", "CREATE TEMP TABLE"),
        ("CREATE OR REPLACE TEMP VIEW v AS SELECT 1", "CREATE TEMP VIEW"),
        ("DROP TEMPORARY TABLE t", "DROP TEMP TABLE"),
        ("CREATE UNLOGGED TABLE t (a int)", "CREATE TABLE"),
        ("CREATE VIRTUAL TABLE t USING fts5(a)", "CREATE VIRTUAL TABLE"),
        ("CREATE FOREIGN TABLE t ()", "CREATE FOREIGN TABLE"),
        ("CREATE UNIQUE INDEX i ON t (a)", "CREATE INDEX"),
        ("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)", "CREATE INDEX CONCURRENTLY"),
        ("DROP INDEX CONCURRENTLY i", "DROP INDEX CONCURRENTLY"),
        ("DROP INDEX IF EXISTS i", "DROP INDEX"),
        ("CREATE OR REPLACE FUNCTION f() RETURNS int", "CREATE FUNCTION"),
        ("CREATE CONSTRAINT TRIGGER t", "CREATE TRIGGER"),
        ("CREATE EVENT TRIGGER t", "CREATE EVENT TRIGGER"),
        ("CREATE EVENT e ON SCHEDULE", "CREATE EVENT"),
        ("CREATE DEFINER=`a`@`b` SQL SECURITY INVOKER VIEW v AS SELECT 1", "CREATE VIEW"),
        ("CREATE ALGORITHM = MERGE DEFINER = CURRENT_USER() VIEW v AS SELECT 1", "CREATE VIEW"),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1", "CREATE MATERIALIZED VIEW"),
        ("REFRESH MATERIALIZED VIEW v", "REFRESH MATERIALIZED VIEW"),
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY v", "REFRESH MATERIALIZED VIEW CONCURRENTLY"),
        ("REINDEX TABLE t", "REINDEX"),
        ("REINDEX INDEX CONCURRENTLY i", "REINDEX CONCURRENTLY"),
        ("REINDEX (VERBOSE, CONCURRENTLY) TABLE t", "REINDEX CONCURRENTLY"),
        ("REINDEX (CONCURRENTLY false) TABLE t", "REINDEX"),
        ("REINDEX (VERBOSE) TABLE CONCURRENTLY t", "REINDEX CONCURRENTLY"),
        ("ALTER TABLE IF EXISTS ONLY a.b ADD COLUMN c int", "ALTER TABLE"),
        ("ALTER TABLE a DETACH PARTITION b", "ALTER TABLE"),
        ("ALTER TABLE a DETACH PARTITION s.b CONCURRENTLY", "ALTER TABLE DETACH CONCURRENTLY"),
        ("ALTER SYSTEM SET a = 1", "ALTER SYSTEM"),
        ("ALTER TYPE t ADD VALUE 'x'", "ALTER TYPE"),
        ("CREATE DATABASE d", "CREATE DATABASE"),
        ("DROP DATABASE d", "DROP DATABASE"),
        ("CREATE TABLESPACE t LOCATION '/'", "CREATE TABLESPACE"),
        ("CREATE SUBSCRIPTION s CONNECTION ''", "CREATE SUBSCRIPTION"),
        ("BEGIN IMMEDIATE", "BEGIN"),
        ("START TRANSACTION READ ONLY", "START TRANSACTION"),
        ("COMMIT AND CHAIN", "COMMIT"),
        ("COMMIT PREPARED 'x'", "COMMIT PREPARED"),
        ("END TRANSACTION", "END"),
        ("ROLLBACK", "ROLLBACK"),
        ("ROLLBACK WORK", "ROLLBACK"),
        ("ROLLBACK TO a", "ROLLBACK TO"),
        ("rollback transaction to savepoint a", "ROLLBACK TO"),
        ("SAVEPOINT a", "SAVEPOINT"),
        ("RELEASE SAVEPOINT a", "RELEASE"),
        ("ABORT", "ABORT"),
        ("PREPARE TRANSACTION 'x'", "PREPARE TRANSACTION"),
        ("PREPARE p AS SELECT 1", "PREPARE"),
        ("SET a = 1", "SET"),
        ("SET LOCAL a = 1", "SET LOCAL"),
        ("SET TRANSACTION READ ONLY", "SET TRANSACTION"),
        ("SET CONSTRAINTS ALL DEFERRED", "SET CONSTRAINTS"),
        ("RESET ALL", "RESET"),
        ("DISCARD ALL", "DISCARD"),
        ("/*!40101 SET NAMES utf8 */", "SET"),
        ("PRAGMA foreign_keys = on", "PRAGMA"),
        ("VACUUM FULL", "VACUUM"),
        ("CLUSTER t", "CLUSTER"),
        ("DO $$ $$", "DO"),
        ("CREATE", "CREATE"),
        ("'x'", "?"),
        ("", "?"),
    ],
)
def test_a_statement_is_known_by_its_leading_words(sql: str, kind: str) -> None:
    assert kind_of(sql) == kind


def test_the_short_cut_knows_no_other_kinds() -> None:
    assert {word: kind_of(word) for word in KIND_OF_WORD} == KIND_OF_WORD


@pytest.mark.parametrize(
    ("sql", "reads"),
    [
        ("COPY t (a) FROM stdin WITH (FORMAT csv)", True),
        ("COPY t FROM /* x */ STDIN", True),
        ("COPY t FROM 'stdin'", False),
        ("COPY (SELECT 1 FROM stdin) TO stdout", False),
        ("COPY t FROM PROGRAM 'stdin'", False),
    ],
)
def test_only_a_copy_from_stdin_reads_rows(sql: str, reads: bool) -> None:
    assert reads_stdin(sql) is reads
