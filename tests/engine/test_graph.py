"""The dependency graph: its order, its questions, and every fault it names."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from miger.engine.errors import BadMigrations, UnknownTarget
from miger.engine.graph import MigrationGraph
from miger.engine.migration import Migration

Parents = dict[str, tuple[str, ...]]


def migration(id: str, parents: Sequence[str] = (), suffix: str = "sql") -> Migration:
    return Migration(id, f"migrations/{id}.{suffix}", "sql", tuple(parents), (), "sha256:0")


def graph_of(**parents: str) -> MigrationGraph:
    return MigrationGraph([migration(id, links.split()) for id, links in parents.items()])


def graph_from(parents: Parents) -> MigrationGraph:
    return MigrationGraph([migration(id, links) for id, links in parents.items()])


def found(graph: MigrationGraph) -> list[tuple[str, str]]:
    return [(problem.file, problem.message) for problem in graph.problems]


@st.composite
def dags(draw: st.DrawFn, most: int = 20) -> Parents:
    """Parents of ids whose names say nothing about their order."""
    names = draw(st.permutations([f"{n:02}" for n in range(draw(st.integers(0, most)))]))
    parents: Parents = {}
    for name in names:
        known = list(parents)
        parents[name] = tuple(draw(st.lists(st.sampled_from(known), max_size=3, unique=True))) if known else ()
    return parents


@st.composite
def digraphs(draw: st.DrawFn, most: int = 10) -> Parents:
    """Any parents at all, cycles included, but none of itself."""
    names = [f"{n:02}" for n in range(draw(st.integers(0, most)))]
    return {
        name: tuple(other for other in draw(st.lists(st.sampled_from(names), max_size=3, unique=True)) if other != name)
        for name in names
    }


def as_networkx(parents: Parents) -> networkx.DiGraph[str]:
    view: networkx.DiGraph[str] = networkx.DiGraph()
    view.add_nodes_from(parents)
    view.add_edges_from((parent, child) for child, links in parents.items() for parent in links)
    return view


# Order


def test_the_order_is_by_dependency_then_by_id() -> None:
    assert graph_of(a="c", b="", c="", d="b").order == ("b", "c", "a", "d")


@given(dags())
def test_every_migration_comes_after_all_its_parents(parents: Parents) -> None:
    graph = graph_from(parents)
    assert sorted(graph.order) == sorted(parents)
    assert all(graph.position[p] < graph.position[id] for id, links in parents.items() for p in links)


@given(dags())
def test_the_order_is_the_first_by_id_that_respects_the_dependencies(parents: Parents) -> None:
    assert list(graph_from(parents).order) == list(networkx.lexicographical_topological_sort(as_networkx(parents)))


@given(dags(), st.randoms(use_true_random=False))
def test_the_graph_does_not_depend_on_the_order_of_the_files(parents: Parents, shuffler: random.Random) -> None:
    files = [migration(id, links) for id, links in parents.items()]
    expected = MigrationGraph(files)
    shuffler.shuffle(files)
    graph = MigrationGraph(files)
    assert graph.order == expected.order
    assert list(graph.migrations) == list(expected.order)
    assert all(graph.children(id) == expected.children(id) for id in graph)


def test_of_a_graph_with_a_cycle_every_migration_is_in_the_order_the_cyclic_ones_last() -> None:
    graph = graph_of(a="b", b="a", c="b", d="", e="d")
    assert graph.order == ("d", "e", "a", "b", "c")


# Questions


def test_parents_are_as_the_file_lists_them_and_children_in_running_order() -> None:
    graph = graph_of(a="", z="a", b="z a", c="a")
    assert graph.parents("b") == ("z", "a")
    assert graph.children("a") == ("c", "z", "b")
    assert graph.heads == ("c", "b")
    assert graph.roots == ("a",)


def test_an_unknown_id_has_no_parents_to_ask_for() -> None:
    with pytest.raises(KeyError):
        graph_of(a="").parents("b")


@given(dags(), st.data())
def test_ancestors_and_descendants_are_those_of_networkx(parents: Parents, data: st.DataObject) -> None:
    graph, view = graph_from(parents), as_networkx(parents)
    ids = data.draw(st.lists(st.sampled_from(sorted(parents)))) if parents else []
    assert graph.ancestors(ids) == set().union(*(networkx.ancestors(view, id) for id in ids))
    assert graph.descendants(ids) == set().union(*(networkx.descendants(view, id) for id in ids))


def test_one_id_may_be_asked_for_without_a_list() -> None:
    graph = graph_of(first="", second="first")
    assert graph.ancestors("second") == {"first"}
    assert graph.descendants("first") == {"second"}
    assert graph.ancestors("unknown") == set()


def test_ids_that_were_asked_for_are_ancestors_only_if_another_of_them_depends_on_them() -> None:
    assert graph_of(a="", b="a", c="b").ancestors(["b", "c"]) == {"a", "b"}


def test_a_very_deep_chain_needs_no_recursion() -> None:
    size = 20_000
    graph = graph_from({f"{n:05}": (f"{n + 1:05}",) if n < size - 1 else () for n in range(size)})
    assert graph.order[0] == f"{size - 1:05}"
    assert len(graph.ancestors(graph.heads)) == len(graph.descendants(graph.roots)) == size - 1
    assert len(graph.generations()) == size


def test_a_very_long_cycle_needs_no_recursion() -> None:
    size = 20_000
    graph = graph_from({f"{n:05}": (f"{(n + 1) % size:05}",) for n in range(size)})
    assert len(graph.problems) == 1
    assert len(graph.order) == size


def test_a_subset_is_put_in_running_order_each_once_without_strangers() -> None:
    assert graph_of(a="b", b="", c="a").subset_in_order(["c", "x", "b", "c"]) == ("b", "c")


def test_generations_are_by_the_longest_path_from_a_root() -> None:
    assert graph_of(a="", b="a", c="a b", d="", e="d").generations() == (("a", "d"), ("b", "e"), ("c",))


@given(dags())
def test_generations_are_those_of_networkx(parents: Parents) -> None:
    expected = [sorted(layer) for layer in networkx.topological_generations(as_networkx(parents))]
    assert [sorted(layer) for layer in graph_from(parents).generations()] == expected


@given(dags(), st.data())
def test_independent_sets_cover_the_ids_and_hold_no_two_that_depend_on_each_other(
    parents: Parents, data: st.DataObject
) -> None:
    graph = graph_from(parents)
    ids = set(data.draw(st.lists(st.sampled_from(sorted(parents))))) if parents else set()
    layers = graph.independent_sets(ids)
    assert sorted(id for layer in layers for id in layer) == sorted(ids)
    done: set[str] = set()
    for layer in layers:
        assert layer
        for id in layer:
            assert graph.ancestors([id]) & ids <= done
        done.update(layer)


def test_ids_that_depend_on_each_other_only_through_others_are_not_independent() -> None:
    assert graph_of(a="", b="a", c="b").independent_sets(["a", "c"]) == (("a",), ("c",))


def test_the_networkx_view_has_edges_from_parent_to_child_and_is_made_once() -> None:
    graph = graph_of(a="", b="a", c="")
    view = graph.networkx()
    assert set(view.edges) == {("a", "b")}
    assert view.nodes["c"]["migration"] is graph.migrations["c"]
    assert graph.networkx() is view


def test_a_good_graph_imports_neither_networkx_nor_difflib() -> None:
    code = (
        "import sys\n"
        "from miger.engine.graph import MigrationGraph\n"
        "from miger.engine.migration import Migration\n"
        "a, b = (Migration(id, id, 'sql', depends, (), '') for id, depends in (('a', ()), ('b', ('a',))))\n"
        "g = MigrationGraph([b, a])\n"
        "g.check(); g.heads; g.ancestors('b'); g.generations(); g.resolve('b');"
        "sys.exit(' '.join({'networkx', 'difflib'} & set(sys.modules)) or None)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# Names


IDS = ("0014_users", "0141_orders", "1410_invoices", "2000_Order_lines")


@pytest.mark.parametrize(
    ("target", "id"),
    [
        ("0141_orders", "0141_orders"),
        ("0141", "0141_orders"),
        ("1410", "1410_invoices"),
        ("20", "2000_Order_lines"),
        ("INVOICES", "1410_invoices"),
        ("order_l", "2000_Order_lines"),
        ("14", "1410_invoices"),
        ("users", "0014_users"),
    ],
)
def test_a_target_is_an_id_or_a_unique_part_of_one(target: str, id: str) -> None:
    assert MigrationGraph([migration(id) for id in IDS]).resolve(target) == id


def test_the_exact_id_wins_over_longer_ones_and_the_number_over_a_beginning() -> None:
    graph = graph_of(**{"a": "", "ab": "", "ab_c": "", "abc_d": ""})
    assert graph.resolve("a") == "a"
    assert graph.resolve("abc") == "abc_d"


def test_a_part_of_several_ids_names_them_all_in_order() -> None:
    with pytest.raises(UnknownTarget, match="part of 2 migrations: 0141_orders, 2000_Order_lines") as caught:
        MigrationGraph([migration(id) for id in IDS]).resolve("order")
    assert caught.value.candidates == ("0141_orders", "2000_Order_lines")


@pytest.mark.parametrize("target", ["ordesr", "invioces", "1410_bills", "1400"])
def test_a_mistyped_target_is_answered_with_the_likely_ids(target: str) -> None:
    with pytest.raises(UnknownTarget, match="no migration is named") as caught:
        MigrationGraph([migration(id) for id in IDS]).resolve(target)
    assert caught.value.candidates[0] in ("0141_orders", "1410_invoices")


def test_an_empty_target_names_nothing() -> None:
    with pytest.raises(UnknownTarget):
        graph_of(a="").resolve("")


# Faults


def test_a_good_graph_has_no_problems() -> None:
    graph = graph_of(a="", b="a")
    graph.check()
    assert graph.problems == ()


def test_an_unknown_parent_is_named_with_the_file_of_the_child_and_the_likely_id() -> None:
    graph = graph_of(**{"0001_users": "", "0002_email": "0001_user"})
    (problem,) = graph.problems
    assert problem.file == "migrations/0002_email.sql"
    assert problem.message == "depends on '0001_user', which no file defines"
    assert problem.hint == "did you mean 0001_users (migrations/0001_users.sql)?"
    assert graph.parents("0002_email") == ()


def test_an_unknown_parent_like_no_other_gets_another_hint() -> None:
    (problem,) = graph_of(a="zzzzzz").problems
    assert problem.hint == "add that file, or take the id out of depends"


def test_a_parent_whose_file_is_bad_is_not_reported_again() -> None:
    graph = MigrationGraph([migration("b", ["a"])], known_bad=["a"])
    assert graph.problems == ()
    assert graph.order == ("b",)


def test_a_migration_that_depends_on_itself_is_named() -> None:
    assert found(graph_of(a="a")) == [("migrations/a.sql", "depends on itself")]


def test_a_parent_listed_twice_is_named_once_and_counted_once() -> None:
    graph = graph_of(a="", b="a a a")
    assert found(graph) == [("migrations/b.sql", "depends lists 'a' 3 times")]
    assert graph.parents("b") == ("a",)


def test_two_files_with_one_id_are_both_named() -> None:
    graph = MigrationGraph([migration("a", suffix="sql"), migration("a", suffix="py"), migration("b", ["a"])])
    assert found(graph) == [("migrations/a.sql", "migrations/a.py has the same id: a")]
    assert graph.migrations["a"].path == "migrations/a.py"


def test_a_cycle_is_named_with_its_whole_path_from_its_first_id() -> None:
    assert found(graph_of(a="", b="d a", c="b", d="c", e="d")) == [
        ("migrations/b.sql", "the dependencies go in a circle: b → d → c → b")
    ]


def test_every_separate_cycle_is_named_once() -> None:
    assert [message.partition(": ")[2] for _, message in found(graph_of(a="b", b="a", c="a d", d="c", e="d"))] == [
        "a → b → a",
        "c → d → c",
    ]


@given(digraphs())
def test_each_knot_of_cycles_is_reported_if_and_only_if_networkx_finds_it(parents: Parents) -> None:
    graph, view = graph_from(parents), as_networkx(parents)
    paths = [problem.message.partition(": ")[2].split(" → ") for problem in graph.problems]
    for path in paths:
        assert path[0] == path[-1]
        assert len(set(path)) == len(path) - 1
        assert all(parent in parents[id] for id, parent in pairwise(path))
    knots = [knot for knot in networkx.strongly_connected_components(view) if len(knot) > 1]
    assert sorted(path[0] for path in paths) == sorted(min(knot) for knot in knots)
    assert sorted(graph.order) == sorted(parents)


def test_check_raises_every_problem_at_once() -> None:
    graph = graph_of(a="b", b="a", c="c", d="nowhere")
    with pytest.raises(BadMigrations, match="the migrations do not form a graph") as caught:
        graph.check()
    assert caught.value.problems == graph.problems
    assert len(graph.problems) == 3


def test_thousands_of_unknown_parents_are_reported_in_time() -> None:
    graph = graph_from({f"{n:05}_table": (f"{n:05}_tabel",) for n in range(3_000)})
    assert len(graph.problems) == 3_000
