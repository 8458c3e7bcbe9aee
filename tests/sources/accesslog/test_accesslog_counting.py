"""Statuses, routes, tallies and the window, against plain lists."""

from __future__ import annotations

import random
from collections import Counter, deque

import pytest

from perf_tui.measures.sketch import Sketch
from perf_tui.sources.accesslog.formats import Rows
from perf_tui.sources.accesslog.routes import MALFORMED, Names, collapse
from perf_tui.sources.accesslog.tally import OTHER, ROUTES_AT_ONCE, Tally, Teller, outcome
from perf_tui.sources.accesslog.window import NOT_FOUND, ROUTES, Window

# status: client, server, timeout, error
MEANING: dict[bytes | int, tuple[int, int, int, int]] = {
    b"200": (0, 0, 0, 0),
    b"101": (0, 0, 0, 0),
    b"304": (0, 0, 0, 0),
    b"399": (0, 0, 0, 0),
    b"000": (0, 0, 0, 0),
    b"-1": (0, 0, 0, 0),
    0: (0, 0, 0, 0),
    b"400": (1, 0, 0, 1),
    404: (1, 0, 0, 1),
    b"408": (1, 0, 1, 1),
    b"444": (1, 0, 0, 1),
    b"499": (1, 0, 0, 1),
    b"500": (0, 1, 0, 1),
    502: (0, 1, 0, 1),
    b"504": (0, 1, 1, 1),
    b"524": (0, 1, 1, 1),
    b"598": (0, 1, 1, 1),
    b"599": (0, 1, 1, 1),
    b"600": (0, 0, 0, 0),
    b"200!": (0, 0, 1, 1),
    b"503!": (0, 1, 1, 1),
    b"-1!": (0, 0, 1, 1),
}


@pytest.mark.parametrize("status", MEANING)
def test_what_a_status_counts_as(status: bytes | int) -> None:
    assert outcome(status)[:4] == MEANING[status]
    assert outcome(status).missing == (status == 404)


@pytest.mark.parametrize(
    ("target", "route"),
    [
        ("GET /items/7", "GET /items/:id"),
        ("GET /items/7/parts/8", "GET /items/:id/parts/:id"),
        ("GET /7", "GET /:id"),
        ("GET /items/7/", "GET /items/:id/"),
        ("GET /api/v2/items", "GET /api/v2/items"),
        ("GET /2026/11/22/post", "GET /:id/:id/:id/post"),
        ("GET /u/8f14e45f-ceea-467f-ab5d-2d1b6c3c8d11", "GET /u/:id"),
        ("GET /o/507f1f77bcf86cd799439011", "GET /o/:id"),
        ("GET /o/01ARZ3NDEKTSV4RRFFQ69G5FAV", "GET /o/:id"),
        ("GET /blog/how-to-count-requests-in-2026", "GET /blog/:id"),
        ("GET /internationalization-settings", "GET /internationalization-settings"),
        ("GET /static/app.3f2a1b9c.js", "GET /static/app.3f2a1b9c.js"),
        ("GET /deadbeef", "GET /deadbeef"),
        ("GET http://shop.example/items/7", "GET /items/:id"),
        ("CONNECT shop.example:443", "CONNECT shop.example:443"),
        ("OPTIONS *", "OPTIONS *"),
        ("", MALFORMED),
        ("GET /\x1b[31mred", "GET /\\x1b[31mred"),
    ],
)
def test_a_route_from_a_target(target: str, route: str) -> None:
    assert Names()[collapse([target.encode()])[0]] == route


def test_targets_keep_their_order_and_number() -> None:
    assert collapse([]) == []
    assert collapse([b"", b"GET /1", b"", b"GET /a", b""]) == [b"", b"GET /:id", b"", b"GET /a", b""]


def test_names_are_short_safe_and_few() -> None:
    names = Names()
    assert names[b"GET /" + b"x" * 5000] == "GET /" + "x" * 95 + "…"
    assert names[b"GET /\xff\xfe"] == "GET /\\xff\\xfe"
    for number in range(20_000):
        assert names[b"GET /a%db" % number] == f"GET /a{number}b"
    assert len(names) <= 4096


def teller_of(rows: list[tuple[bytes, bytes, float | None]]) -> dict[str, Tally]:
    teller = Teller()
    for begin in range(0, len(rows), 100):
        part = rows[begin : begin + 100]
        teller.count(Rows([r[0] for r in part], [r[1] for r in part], [r[2] for r in part]))
    return teller.take()


def test_requests_are_counted_by_route() -> None:
    source = random.Random(4)
    rows = []
    for _ in range(5000):
        target = source.choice([b"GET /a", b"GET /items/%d" % source.randrange(99), b"POST /a"])
        rows.append((target, source.choice([b"200", b"404", b"503", b"504"]), round(source.random(), 3)))
    routes = teller_of(rows)
    assert set(routes) == {"GET /a", "GET /items/:id", "POST /a"}
    mine = [row for row in rows if row[0].startswith(b"GET /items")]
    tally = routes["GET /items/:id"]
    counts = Counter(row[1] for row in mine)
    assert tally.requests == len(mine) == tally.times.count
    assert tally.client == tally.missing == counts[b"404"]
    assert tally.server == counts[b"503"] + counts[b"504"]
    assert tally.timeouts == counts[b"504"]
    assert tally.errors == len(mine) - counts[b"200"]
    sketch = Sketch()
    sketch.add_many([row[2] for row in mine])
    assert tally.times.buckets == sketch.buckets
    assert tally.times.sum == pytest.approx(sketch.sum)


def test_what_was_taken_is_not_counted_again() -> None:
    teller = Teller()
    assert teller.take() == {}
    teller.count(Rows([b"GET /"], [b"200"], [0.5]))
    assert teller.take()["GET /"].requests == 1
    assert teller.take() == {}


def test_requests_whose_line_has_no_time_count_without_one() -> None:
    routes = teller_of([(b"GET /", b"200", 0.5), (b"GET /", b"200", None), (b"GET /", b"500", None)])
    tally = routes["GET /"]
    assert (tally.requests, tally.times.count, tally.times.sum) == (3, 1, 0.5)


def test_routes_of_one_reading_are_bounded() -> None:
    routes = teller_of([(b"GET /r%dx" % number, b"200", 0.001) for number in range(3 * ROUTES_AT_ONCE)])
    assert len(routes) == ROUTES_AT_ONCE + 1
    assert routes[OTHER].requests == 2 * ROUTES_AT_ONCE


# -- the window


def tally(requests: int = 1, status: bytes = b"200", seconds: float | None = 0.1) -> Tally:
    made = Tally()
    made.add(outcome(status), requests)
    if seconds is not None:
        made.times.add(seconds, requests)
    return made


def numbers(tally: Tally) -> tuple[object, ...]:
    return (
        tally.requests,
        tally.client,
        tally.server,
        tally.timeouts,
        tally.errors,
        tally.missing,
        tally.times.buckets,
        tally.times.count,
    )


@pytest.mark.parametrize(("seconds", "interval"), [(60, 2), (60, 1.7), (5, 2), (10, 20), (60, 0.5), (300, 0.5)])
def test_the_window_holds_what_arrived_within_it(seconds: float, interval: float) -> None:
    source = random.Random(int(seconds * 10 + interval))
    window = Window(seconds)
    window.push(0.0, {"GET /": tally(1000)})
    recent: deque[tuple[float, dict[str, Tally]]] = deque()
    step = max(interval, seconds / 30 + interval)
    for turn in range(1, 500):
        at = turn * interval
        routes = {
            name: tally(source.randrange(1, 9), source.choice([b"200", b"500", b"404"]), source.random())
            for name in ("GET /", "GET /a", "POST /a")
            if source.random() < 0.5
        }
        window.push(at, routes)
        recent.append((at, routes))
        # Readings that share a slot leave together, so the window may hold one slot more than its length.
        held = at - window.covers
        assert window.covers <= seconds + step
        assert at < seconds or window.covers > seconds - step
        inside = [routes for when, routes in recent if when > held + 1e-9]
        expected: dict[str, Tally] = {}
        for routes in inside:
            for name, each in routes.items():
                expected.setdefault(name, Tally()).merge(each)
        # A route that only ever was 404 while in the window is counted apart; the total is not.
        assert numbers(window.total) == numbers(Tally.of(expected))
        assert window.total.times.sum == pytest.approx(Tally.of(expected).times.sum)
        assert sum(each.requests for each in window.routes.values()) == window.total.requests
        assert all(each.requests for each in window.routes.values())


def test_an_empty_window_holds_exactly_nothing() -> None:
    window = Window(10)
    window.push(0, {})
    assert window.covers == 0
    window.push(2, {"GET /": tally(7, b"504", 0.3)})
    assert window.covers == 2
    for turn in range(2, 20):
        window.push(turn * 2, {})
    assert window.routes == {}
    assert numbers(window.total) == numbers(Tally())
    assert window.total.times.sum == 0.0


def test_the_number_of_slots_does_not_grow_with_the_window() -> None:
    window = Window(3600)
    for turn in range(20_000):
        window.push(turn * 0.5, {"GET /": tally()})
    assert len(window._slots) <= 32
    assert window.total.requests == pytest.approx(7200, rel=0.04)


def test_routes_beyond_the_limit_are_other_until_there_is_room() -> None:
    window = Window(10)
    window.push(0, {})
    window.push(2, {f"GET /{number}": tally(number + 1) for number in range(3 * ROUTES)})
    assert len(window.routes) == ROUTES + 1
    assert "GET /299" in window.routes, "the busiest are admitted first"
    assert window.routes[OTHER].requests == sum(range(1, 2 * ROUTES + 1))
    for turn in range(2, 8):
        window.push(turn * 2, {})
    window.push(16, {"GET /0": tally()})
    assert set(window.routes) == {"GET /0"}


def test_paths_that_do_not_exist_make_no_routes() -> None:
    window = Window(10)
    window.push(0, {})
    window.push(2, {"GET /": tally(3), **{f"GET /wp-{number}.php": tally(1, b"404") for number in range(50)}})
    assert set(window.routes) == {"GET /", NOT_FOUND}
    assert window.routes[NOT_FOUND].requests == 50
    window.push(4, {"GET /": tally(2, b"404")})
    assert window.routes["GET /"].requests == 5, "a route that is known keeps its own"
    assert window.routes["GET /"].missing == 2
