"""What differs, in words."""

from __future__ import annotations

from miger.engine.catalog import CHECK, Catalog, Column, Constraint, Index, Table, Thing
from miger.generate.compare import compare
from miger.generate.renames import Renaming
from miger.generate.telling import Line, lines_of, sentence_of

ID = Column("id", "integer", False, definition="integer NOT NULL")
AGE = Column("age", "text", definition="text")
EMAIL = Column("email", "varchar(255)", definition="varchar(255)")


def said(before: Catalog, after: Catalog) -> list[str]:
    return [str(line) for line in lines_of(compare(before, after))]


def test_each_difference_has_a_line() -> None:
    check = Constraint(CHECK, "grown", "CHECK (age > 17)", ("age",))
    before = Catalog((Table("users", (ID, AGE), (check,)), Table("old", (ID,))), (Thing("view", "names", "…"),))
    number = AGE._replace(type="integer", nullable=False, default="0", definition="integer NOT NULL DEFAULT 0")
    index = Index("by_email", "CREATE INDEX by_email ON users (email)", ("email",))
    after = Catalog((Table("users", (ID, number, EMAIL), (), (index,)), Table("new", (ID, EMAIL))))
    assert said(before, after) == [
        "change column users.age: text → integer, NOT NULL, default 0",
        "add    column users.email: varchar(255)",
        "drop   check grown on users",
        "add    index by_email on users",
        "drop   table old",
        "add    table new: id, email",
        "drop   view names",
    ]


def test_a_rename_comes_first() -> None:
    lines = lines_of(compare(Catalog(), Catalog()), [Renaming("users", "users", "mail", "email"), Renaming("a", "b")])
    assert lines == [Line("rename", "column users.mail", "to email"), Line("rename", "table a", "to b")]
    assert sentence_of(lines) == "Renames column mail of users to email and renames table a to b."


def test_one_sentence_names_the_first_few() -> None:
    def added(name: str) -> Line:
        return Line("add", f"column users.{name}", "text")

    assert sentence_of([added("a")]) == "Adds column a to users."
    assert sentence_of(
        [added("a"), Line("drop", "column users.b"), Line("change", "column users.c", "text → date")]
    ) == ("Adds column a to users, drops column b from users and changes column c of users (text → date).")
    assert sentence_of([added(name) for name in "abcde"]) == (
        "Adds column a to users, adds column b to users and makes 3 more changes."
    )
