import psycopg, pytest
from tests.backends.shop import Shop
from miger.engine.errors import *

def test_copy(tmp_path, postgresql_url):
    s = Shop(tmp_path, postgresql_url)
    s.sql("1_a", "CREATE TABLE t (id int);\nCOPY t FROM stdin;\n1\n2\n\\.\nINSERT INTO t VALUES (3);")
    s.up()
    with psycopg.connect(postgresql_url) as c:
        assert c.execute("select count(*) from t").fetchone() == (3,)

def test_clone(tmp_path, postgresql_url):
    s = Shop(tmp_path, postgresql_url)
    with s.project() as p:
        p.backend.prepare()
        c = p.backend.clone(); c.open()
        from miger.engine.state import Lease
        with pytest.raises(LeaseLost):
            c.renew(Lease("x", 99), 1, "")

def test_role(tmp_path, postgresql_url, postgresql_admin):
    with psycopg.connect(postgresql_url, autocommit=True) as c:
        c.execute("DROP ROLE IF EXISTS probe_owner; CREATE ROLE probe_owner; ALTER SCHEMA public OWNER TO probe_owner")
    s = Shop(tmp_path, postgresql_url + ("&" if "?" in postgresql_url else "?") + "options=-crole%3Dprobe_owner")
    s.sql("1_a", "SET search_path = public; CREATE TABLE t (id int);")
    s.sql("2_a", "CREATE TABLE t2 (id int);")
    s.up()
    with psycopg.connect(postgresql_url, autocommit=True) as c:
        print(c.execute("select tablename, tableowner from pg_tables where schemaname='public'").fetchall())
        c.execute("SET SESSION AUTHORIZATION probe_owner; SET ROLE probe_owner")
        r = c.execute("SET LOCAL role TO DEFAULT")
    assert 0

def test_ro(tmp_path, postgresql_url):
    s = Shop(tmp_path, postgresql_url, read_only=True)
    with s.project() as p:
        p.backend.begin()
        from miger.engine.statements import split
        with pytest.raises(StatementError):
            p.backend.execute(list(split(["create table x()"], "postgresql")))
