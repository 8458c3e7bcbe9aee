"""Names from outside that attack the reader of an export: nothing raw comes out, in any format."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from io import StringIO

import pytest
from prometheus_client.parser import text_string_to_metric_families

from perf_tui.engine.alerts.model import Alert, Level, Rule
from perf_tui.engine.snapshot import Snapshot, SourceState
from perf_tui.export import formats
from perf_tui.measures.model import Series, Status, Value, series
from perf_tui.sources.system.processes import Process

Make = Callable[..., Snapshot]

NAMES = {
    "escape": "\x1b[31m\x1b]0;owned\x07red",
    "c1": "\x9b31mred\x85next",
    "markup": "[bold red on blue]x[/] [@click=app.quit]y[/]",
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "entity": "&lt;script&gt; &#60;b&#62;",
    "formula": "=cmd|' /C calc'!A0",
    "formula_plus": "+1+1",
    "formula_minus": "-2+3",
    "formula_at": "@SUM(1)",
    "formula_tab": "\t=1+1",
    "formula_wide": "＝1+1",
    "formula_after_semicolon": "x;=HYPERLINK(1)",
    "newline": "one\ntwo\r\nthree\u2028four",
    "broken": b"caf\xe9\xff".decode("utf-8", "surrogateescape"),
    "surrogate": "\ud800",
    "right_to_left": "abc\u202egnp.exe",
    "quotes": "a\"b'c`d",
    "pipes": "a|b|c \\| d",
    "link": "[click](javascript:alert(1)) ![x](http://evil/x.png)",
    "json": '","value":0,"x":"',
    "prometheus": 'x"} 1\nfake_metric{a="',
    "empty": "",
}
PEOPLE = ("txt", "md", "html")
ALL = tuple(name for name in formats.FORMATS if name != formats.PICTURE)


def hostile(make: Make, name: str) -> Snapshot:
    """The name wherever a name from outside can stand."""
    key = series("system.cpu.utilization")
    rule = Rule(name, key.id, ((Level.WARNING, 0.8),), message=name)
    disk = Series("system.disk.read", (("device", name),))
    row = Process(1, 0, name, "S", 0.5, 2**20, None, None, 1, name, name, 0.0)
    return make(
        {
            key: Value(0.9),
            disk: Value(1.0),
            Series("system.disk.write", (("device", name),)): Value(None, Status.ERROR, name),
            Series("app.request.duration", (("service", name), ("stat", "p50"))): Value(0.1),
            Series("app.request.duration", (("service", "x"), ("stat", name))): Value(0.1),
        },
        host=name,
        alerts=(Alert(rule, key, Level.WARNING, True, 0.9, 0.0), Alert(rule, disk, Level.WARNING, True, 0.9, 0.0)),
        sources=(SourceState(name, name, Status.ERROR, None, name), SourceState("good", "x", Status.OK, 0.1)),
        tables={"processes": (row,)},
    )


@pytest.fixture(params=NAMES.values(), ids=NAMES.keys())
def snapshot(request: pytest.FixtureRequest, make: Make) -> Snapshot:
    return hostile(make, request.param)


@pytest.mark.parametrize("name", ALL)
def test_no_control_character_comes_out(snapshot: Snapshot, name: str) -> None:
    text = formats.render(snapshot, name)
    text.encode("utf-8")  # no surrogate is left
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", text) is None


@pytest.mark.parametrize("name", ALL)
def test_the_number_of_lines_does_not_depend_on_names(snapshot: Snapshot, make: Make, name: str) -> None:
    assert formats.render(snapshot, name).count("\n") == formats.render(hostile(make, "plain"), name).count("\n")


def test_markup_of_screens_stands_literally_in_text(make: Make) -> None:
    """Text is not markup: whoever prints it through Rich escapes it there."""
    assert NAMES["markup"] in formats.render(hostile(make, NAMES["markup"]), "txt")


def test_html_has_the_tags_of_the_template_alone(snapshot: Snapshot, make: Make) -> None:
    def skeleton(text: str) -> list[str]:
        found: list[str] = []

        class Tags(HTMLParser):
            def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
                found.append(f"{tag} {sorted(name for name, _ in attrs)}")

        Tags().feed(text)
        return found

    assert skeleton(formats.render(snapshot, "html")) == skeleton(formats.render(hostile(make, "plain"), "html"))


def test_html_shows_the_name_as_it_is(make: Make) -> None:
    words: list[str] = []

    class Words(HTMLParser):
        def handle_data(self, data: str) -> None:
            words.append(data)

    Words().feed(formats.render(hostile(make, NAMES["entity"]), "html"))
    assert NAMES["entity"] in words


def test_markdown_holds_no_html_link_or_picture(snapshot: Snapshot) -> None:
    text = formats.render(snapshot, "md")
    assert "<" not in text
    assert re.search(r"(?<!\\)\[", text) is None
    assert re.search(r"(?<!\\)`", text) is None


def test_markdown_tables_keep_their_columns(snapshot: Snapshot) -> None:
    counts: list[int] = []
    for line in formats.render(snapshot, "md").splitlines():
        if not line.startswith("|"):
            assert len(set(counts)) <= 1
            counts = []
        else:
            counts.append(len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)))


def test_csv_has_no_formula_and_keeps_its_columns(snapshot: Snapshot) -> None:
    text = formats.render(snapshot, "csv")
    rows = list(csv.reader(StringIO(text)))
    assert {len(row) for row in rows} == {7}
    for row in rows[1:]:
        for place, cell in enumerate(row):
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝")) or place == 3
            assert re.search(r";[=+\-@]", cell) is None  # where a semicolon separates cells


@pytest.mark.parametrize("name", ["formula", "formula_plus", "formula_minus", "formula_at", "formula_wide"])
def test_csv_marks_a_formula_with_an_apostrophe(make: Make, name: str) -> None:
    snapshot = make({Series("system.disk.write", ()): Value(None, Status.ERROR, NAMES[name])})
    (row,) = csv.DictReader(StringIO(formats.render(snapshot, "csv")))
    assert row["reason"] == f"'{NAMES[name]}"


def test_json_reads_back_whole(snapshot: Snapshot) -> None:
    document = json.loads(formats.render(snapshot, "json"))
    assert len(document["measures"]) == 5
    assert document["measures"][0]["value"] == 0.9


def test_prometheus_reads_back_whole(snapshot: Snapshot) -> None:
    families = list(text_string_to_metric_families(formats.render(snapshot, "prom")))
    assert sum(len(family.samples) for family in families) == 4
    assert all(family.name.startswith("perf_tui_") for family in families)
