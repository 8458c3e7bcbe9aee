"""Oracles: prometheus_client's parser on captures of real programs, and what Prometheus 2.42 and
VictoriaMetrics 1.79 did with hand-made bodies."""

from collections import Counter
from math import inf, isnan
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_oracle
from prometheus_client.parser import text_string_to_metric_families as text_oracle

from perf_tui.sources.scrape.exposition import LONGEST, Labels, Line, LineError, parse
from perf_tui.sources.scrape.reader import SKIP, Reader, Scrape

CAPTURES = sorted((Path(__file__).parents[2] / "data" / "app").glob("*.prom"))


class Everything:
    """A sink that needs every series."""

    def __init__(self) -> None:
        self.series: list[tuple[str, Labels]] = []
        self.kinds: dict[str, str] = {}

    def slot(self, line: Line) -> int:
        self.series.append((line.name, line.labels))
        return len(self.series) - 1

    def family(self, name: str, kind: str) -> None:
        self.kinds[name] = kind


def read(text: str, openmetrics: bool = False) -> tuple[list[tuple[str, dict[str, str], float]], Scrape]:
    sink = Everything()
    scrape = Reader(sink).read(text, openmetrics)
    found = [
        (name, dict(labels), number)
        for (name, labels), number in zip(sink.series, scrape.values, strict=True)
        if number is not None
    ]
    return found, scrape


def _comparable(samples: list[tuple[str, dict[str, str], float]]) -> Counter[tuple[str, str, str]]:
    # the oracle adds _total to counters that lack it
    return Counter(
        (name.removesuffix("_total"), repr(sorted(labels.items())), repr(float(number)))
        for name, labels, number in samples
    )


@pytest.mark.parametrize("file", CAPTURES, ids=lambda file: file.stem)
def test_captures_read_as_by_prometheus_client(file: Path) -> None:
    text = file.read_text()
    samples, scrape = read(text)
    expected = [(s.name, s.labels, s.value) for family in text_oracle(text) for s in family.samples]
    assert _comparable(samples) == _comparable(expected)
    assert (scrape.bad, scrape.first_bad, scrape.objection) == (0, None, None)
    assert scrape.read == len(expected)


@pytest.mark.parametrize("file", CAPTURES, ids=lambda file: file.stem)
def test_a_second_scrape_reads_the_same_by_looking_up(file: Path) -> None:
    text = file.read_text()
    sink = Everything()
    reader = Reader(sink)
    first = reader.read(text)
    known = len(sink.series)
    second = reader.read(text)
    assert list(map(repr, second.values)) == list(map(repr, first.values))
    assert len(sink.series) == known
    assert (second.bad, second.read) == (0, second.lines)


OPENMETRICS = """\
# HELP rpc_duration_seconds RPC \\"time\\".
# TYPE rpc_duration_seconds histogram
# UNIT rpc_duration_seconds seconds
rpc_duration_seconds_bucket{le="0.01"} 3 # {trace_id="K # J"} 0.0067 1520879607.789
rpc_duration_seconds_bucket{le="+Inf"} 17 # {} 3.4
rpc_duration_seconds_count 17
rpc_duration_seconds_sum 324789.3
rpc_duration_seconds_created 1520430000.123
# TYPE calls counter
calls_total{path="a # b",text="x \\\\ \\" \\n"} 5.0e0 1520879607.789
# TYPE temperature gauge
temperature{room="1"} 20.5 1520879607.789
temperature{room="2"} 21.5 -1.5
# TYPE up stateset
up{up="a"} 1
# TYPE build info
build_info{version="1"} 1
# EOF
"""


def test_openmetrics_reads_as_by_prometheus_client() -> None:
    samples, scrape = read(OPENMETRICS, openmetrics=True)
    expected = [(s.name, s.labels, s.value) for f in openmetrics_oracle(OPENMETRICS) for s in f.samples]
    assert _comparable(samples) == _comparable(expected)
    assert (scrape.bad, scrape.objection) == (0, None)


def test_openmetrics_reads_alike_the_second_time() -> None:
    sink = Everything()
    reader = Reader(sink)
    first, second = reader.read(OPENMETRICS, True), reader.read(OPENMETRICS, True)
    assert first.values == second.values
    assert len(sink.series) == len(first.values)
    moved = reader.read(OPENMETRICS.replace("} 3 #", "} 4 #").replace("20.5 152", "18 152"), True)
    assert [n for n, before in zip(moved.values, first.values, strict=True) if n != before] == [4, 18]


def test_families_are_declared_once() -> None:
    sink = Everything()
    reader = Reader(sink)
    for _ in range(2):
        reader.read("# TYPE a counter\n# HELP a text\n#TYPE b gauge\n#\n# a comment\na 1\n")
    assert sink.kinds == {"a": "counter"}, "#TYPE without a blank is a comment"


# What Prometheus 2.42 (None: it takes the scrape) and VictoriaMetrics do with each is known from runs.
@pytest.mark.parametrize(
    ("text", "numbers", "objection"),
    [
        ("a 1", [1.0], None),  # no final newline: Granian
        ("a 1\nb{ 2\nc 3\n", [1.0, 3.0], "it has lines that cannot be read"),
        ("a 1\r\nb 2\r\n", [1.0, 2.0], "its lines end in CR LF"),
        ("a 1 -5\n", [1.0], "a timestamp is negative"),
        ("a 1 1520879607789\n", [1.0], None),
        ('{"a.b"} 1\n{"c.d",e="f"} 2\n', [1.0, 2.0], None),  # Prometheus 3 takes it
        ('a 1 # {trace="x"} 0.5\n', [1.0], "an exemplar, which only OpenMetrics has"),
        (" a 1\n", [1.0], "a line begins with a blank"),
        ('a{b="1",b="2"} 1\n', [], "it has lines that cannot be read"),
        ("a 1\na 2\n", [2.0], None),
        ("a +1\nb 1.\nc .5\nd 1e3\n", [1.0, 1.0, 0.5, 1000.0], None),
        ("a +Inf\nb -Inf\nc inf\nd Infinity\n", [inf, -inf, inf, inf], None),
        ("", [], None),
        ("# TYPE a counter\n", [], None),
        ('a {b="1"} 1\nc{ d = "2" , } 2\ne{f="g"}3\nh\t4\n\n\n', [1.0, 2.0, 3.0, 4.0], None),
        ("a 1_000\nb 0x10\nc 1p2\nd ١\n", [], "it has lines that cannot be read"),
        ("a{b=1} 1\n1a 2\na 1 2 3\na\n{} 5\na 1 x\n", [], "it has lines that cannot be read"),
    ],
)
def test_what_other_scrapers_accept(text: str, numbers: list[float], objection: str | None) -> None:
    samples, scrape = read(text)
    assert [number for _, _, number in samples] == numbers
    assert scrape.objection == objection


def test_nan_is_a_number() -> None:
    assert all(isnan(number) for _, _, number in read("a NaN\nb nan\n")[0])


def test_bad_lines_are_counted_and_the_first_is_shown_safely() -> None:
    _, scrape = read('ok 1\nbad{a="\x1b[31m"}\nworse\n')
    assert scrape.bad == 2
    assert scrape.first_bad == 'bad{a="\\x1b[31m"} (a value is missing)'


def test_a_known_series_whose_line_turns_bad_is_bad() -> None:
    reader = Reader(Everything())
    reader.read("a 1\nb 2\n")
    scrape = reader.read("a oops\nb 2 oops\n")
    assert (scrape.bad, scrape.values) == (2, [None, None])


def test_openmetrics_without_its_end_is_read() -> None:
    samples, scrape = read("# TYPE a gauge\na 1\n", openmetrics=True)
    assert samples == [("a", {}, 1.0)]
    assert scrape.objection == "it does not end with # EOF"
    assert read("a 1\n\n# EOF\n", openmetrics=True)[1].objection == "it has blank lines"


@pytest.mark.parametrize(
    ("written", "read_as"),
    [("\\\\", "\\"), ('\\"', '"'), ("\\n", "\n"), ("\\d", "\\d"), ("{},=", "{},="), ("\x1b[0m", "\x1b[0m")],
)
def test_escapes_in_label_values(written: str, read_as: str) -> None:
    assert parse(f'a{{b="{written}"}} 1').labels == (("b", read_as),)


def test_composite_values_are_named() -> None:
    for line in ("a {count:1,sum:2}", 'a{b="c"} {count:1,sum:2,bucket:[1:1]} st@1'):
        with pytest.raises(LineError, match="OpenMetrics 2"):
            parse(line, openmetrics=True)


@pytest.mark.parametrize(
    "line", ['a{b="' + "\\" * 60_000, "a{" + 'b="c",' * 10_000, '{"' + "a" * 60_000, "a" + " " * 60_000]
)
def test_no_line_takes_long(line: str) -> None:
    with pytest.raises(LineError):  # a pattern that backtracks would not end in this life
        parse(line)


def test_an_endless_line_is_refused() -> None:
    with pytest.raises(LineError, match="longer than"):
        parse("a" * (LONGEST + 1))


def test_unneeded_series_take_no_slot() -> None:
    class Nothing(Everything):
        def slot(self, line: Line) -> int:
            super().slot(line)
            return SKIP

    sink = Nothing()
    reader = Reader(sink)
    assert reader.read("a 1\nb 2\n").values == []
    assert reader.read("a 1\nb oops\n").bad == 0, "a series that nobody needs is not looked at"
    assert len(sink.series) == 2


def test_the_index_stays_bounded_while_series_churn() -> None:
    class Nothing(Everything):
        def slot(self, line: Line) -> int:
            return SKIP

    reader = Reader(Nothing())
    for scrape in range(300):
        reader.read("".join(f'a{{id="{scrape}-{number}"}} 1\n' for number in range(50)) + "steady 1\n")
    assert len(reader.index) <= 2 * 51 + 1000


def test_forgotten_slots_are_asked_for_anew() -> None:
    sink = Everything()
    reader = Reader(sink)
    reader.read("a 1\nb 2\n")
    reader.forget([0])
    assert reader.read("a 3\nb 4\n").values == [None, 4.0, 3.0]
    assert [name for name, _ in sink.series] == ["a", "b", "a"]


BODY = '# TYPE a counter\na 1\nb{c="d"} 2\ne 3\n'


@pytest.mark.parametrize(
    ("following", "values"),
    [
        (BODY, [1.0, 2.0, 3.0]),
        (BODY.replace(" 2", " 5"), [1.0, 5.0, 3.0]),
        (BODY.replace("a 1", "e 4").replace("e 3", "a 9"), [9.0, 2.0, 4.0]),  # in another order
        (BODY.replace("a 1", "f 4"), [None, 2.0, 3.0, 4.0]),  # one is gone, one is new
        (BODY.replace("a 1\n", ""), [None, 2.0, 3.0]),
        (BODY.replace("a 1", "e 4"), [None, 2.0, 3.0]),  # one stands twice: the last one counts
        (BODY.replace("a 1", "a 1 1700000000"), [1.0, 2.0, 3.0]),  # a timestamp, or what looks like one
        (BODY.replace("a 1", "a oops"), [None, 2.0, 3.0]),
        (BODY.replace("a 1", "aa 1"), [None, 2.0, 3.0, 1.0]),
    ],
)
def test_a_body_like_the_one_before_is_read_as_any_other(following: str, values: list[float | None]) -> None:
    reader = Reader(Everything())
    for _ in range(3):  # until nothing in it is new
        reader.read(BODY)
    assert reader.last is not None
    scrape = reader.read(following)
    assert scrape.values == values
    assert scrape.bad == ("oops" in following)
    assert reader.read(BODY).values[:3] == [1.0, 2.0, 3.0], "and the next one after it"


def test_a_series_that_stands_twice_keeps_its_last_number() -> None:
    reader = Reader(Everything())
    for first in range(5):
        assert reader.read(f"a {first}\na 7\n").values == [7.0]


def test_a_program_that_shuffles_its_series_is_not_compared_for_ever() -> None:
    reader = Reader(Everything())
    for turn in range(10):
        lines = ["a 1\n", "b 2\n"]
        assert reader.read("".join(lines if turn % 2 else reversed(lines))).values.count(None) == 0
    assert reader.last is None
