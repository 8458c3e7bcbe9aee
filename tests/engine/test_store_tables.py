from typing import NamedTuple

from perf_tui.engine.store import Store


class Row(NamedTuple):
    name: str


def test_rows_of_several_sources_are_joined_in_their_order() -> None:
    store = Store()
    store.put("a", (), {"services": (Row("a1"), Row("a2"))}, 0.0)
    store.put("b", (), {"services": (Row("b1"),), "processes": (Row("p"),)}, 0.0)
    assert store.tables() == {"services": (Row("a1"), Row("a2"), Row("b1")), "processes": (Row("p"),)}

    store.put("a", (), {"services": ()}, 1.0)
    assert store.tables()["services"] == (Row("b1"),)

    store.drop("b")
    assert store.tables() == {"services": ()}


def test_of_what_is_no_tuple_of_rows_the_last_source_wins() -> None:
    store = Store()
    store.put("a", (), {"host": Row("first"), "list": (Row("x"),)}, 0.0)
    store.put("b", (), {"host": Row("second"), "list": {"not": "rows"}}, 0.0)
    assert store.tables() == {"host": Row("second"), "list": {"not": "rows"}}
