"""Each format: lines as the programs write them, with counts that were made by other means."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from perf_tui.config.errors import ConfigError
from perf_tui.config.load import parse
from perf_tui.config.schema import LogFormat
from perf_tui.sources.accesslog.formats import (
    COMBINED,
    GRANIAN,
    HAPROXY,
    MICROSECONDS,
    MILLISECONDS,
    SECONDS,
    TRAEFIK,
    UVICORN,
    WHOLE_SECONDS,
    Format,
)
from perf_tui.sources.accesslog.json_formats import CADDY, TRAEFIK_JSON
from perf_tui.sources.accesslog.recognise import CANDIDATES, better, guessed, recognise

LOGS = Path(__file__).parents[2] / "data" / "logs"
AUTO = CANDIDATES["auto"]


def statuses(format: Format, text: bytes) -> dict[int, int]:
    return dict(Counter(int(status) for status in format.parse(text).statuses))


def seconds(format: Format, text: bytes) -> list[float | None]:
    return list(format.parse(text).times)


def targets(format: Format, text: bytes) -> list[bytes]:
    return list(format.parse(text).targets)


# -- real logs; the counts are grep's

CAPTURES = {
    "nginx_combined.log": (COMBINED, {200: 24, 404: 8, 500: 16, 502: 8}),
    "nginx_timed.log": (SECONDS[0], {200: 24, 404: 8, 500: 16, 502: 8}),
    "gunicorn_default_access.log": (COMBINED, {200: 1}),
    "caddy_2.6.2_access.json.log": (CADDY, {200: 10, 404: 8, 500: 8, 502: 8}),
    "granian_access.log": (GRANIAN, {200: 6, 500: 6}),
    "uvicorn_0.54_default.log": (UVICORN, {200: 1, 500: 1}),
}


@pytest.mark.parametrize("name", CAPTURES)
def test_real_logs_are_recognised_and_counted(name: str) -> None:
    format, counts = CAPTURES[name]
    text = (LOGS / name).read_bytes()
    assert recognise(text, AUTO) is format
    assert statuses(format, text) == counts
    assert format.parse(text).bad == 0


def test_times_of_real_logs() -> None:
    timed = (LOGS / "nginx_timed.log").read_bytes()
    assert Counter(seconds(SECONDS[0], timed)) == {0.0: 54, 0.001: 2}

    caddy = (LOGS / "caddy_2.6.2_access.json.log").read_bytes()
    by_hand = [json.loads(line)["duration"] for line in caddy.splitlines()]
    assert seconds(CADDY, caddy) == by_hand
    assert max(by_hand) == 0.004222115

    granian = (LOGS / "granian_access.log").read_bytes()
    assert seconds(GRANIAN, granian)[0] == pytest.approx(0.259e-3)
    assert GRANIAN.parse(granian).others == 2, "its words at start and end"

    uvicorn = (LOGS / "uvicorn_0.54_default.log").read_bytes()
    assert seconds(UVICORN, uvicorn) == [None, None]
    assert targets(UVICORN, uvicorn) == [b"GET /ok", b"GET /e500"]
    assert UVICORN.parse(uvicorn).others == 8


# -- each format, with lines of known content

HEAD = '203.0.113.9 - - [22/Nov/2026:10:33:45 +0000] "{method} {path} HTTP/1.1" {status} 512'
AGENT = ' "https://example.com/" "Mozilla/5.0 (X11; Linux x86_64) say \\"hello\\""'
LINES: dict[str, tuple[Format, str, float]] = {
    "common": (COMBINED, HEAD, 0),
    "combined": (COMBINED, HEAD + AGENT, 0),
    "combined, forwarded for": (COMBINED, HEAD + AGENT + ' "198.51.100.7"', 0),
    "nginx": (SECONDS[0], HEAD + AGENT + " {time:.3f} -", 1),
    "nginx, retries": (SECONDS[0], HEAD + AGENT + " {time:.3f} 0.001, 0.002 : 0.003", 1),
    "nginx, time alone": (SECONDS[0], HEAD + AGENT + " {time:.3f}", 1),
    "ingress": (SECONDS[0], HEAD + AGENT + " 451 {time:.3f} [default-web-80] [] 10.0.0.7:80 9 0.003 200 5ab1", 1),
    "nginx, quoted fields behind": (SECONDS[1], HEAD + AGENT + ' {time:.3f} "198.51.100.7" "-"', 1),
    "nginx, named": (SECONDS[2], HEAD + AGENT + ' "-" rt={time:.3f} uct="0.000" uht="0.009" urt="0.009"', 1),
    "gunicorn, %(L)s": (SECONDS[0], HEAD + AGENT + " {time:.6f}", 1),
    "apache common, %D": (MICROSECONDS, HEAD + " {time:.0f}", 1e-6),
    "apache combined, %D": (MICROSECONDS, HEAD + AGENT + " {time:.0f}", 1e-6),
    "apache, virtual host": (MICROSECONDS, "www.example.com:443 " + HEAD + AGENT + " {time:.0f}", 1e-6),
    "apache, %T/%D": (MICROSECONDS, HEAD + AGENT + " 0/{time:.0f}", 1e-6),
    "apache, %T": (WHOLE_SECONDS, HEAD + AGENT + " {time:.0f}", 1),
    "traefik": (TRAEFIK, HEAD + ' "-" "-" 17 "api@docker" "http://172.18.0.3:8000" {time:.0f}ms', 1e-3),
    "traefik, no server": (TRAEFIK, HEAD + ' "-" "-" 18 "-" "-" {time:.0f}ms', 1e-3),
    "uvicorn": (UVICORN, 'INFO:     127.0.0.1:55340 - "{method} {path} HTTP/1.1" {status} OK', 0),
    "uvicorn below gunicorn": (UVICORN, '127.0.0.1:55340 - "{method} {path} HTTP/1.1" {status}', 0),
    "granian": (
        GRANIAN,
        '[2026-11-22 10:48:27 +0000] 127.0.0.1 - "{method} {path} HTTP/1.1" {status} {time:.3f}',
        1e-3,
    ),
    "haproxy": (
        HAPROXY,
        "Nov 22 10:33:45 lb haproxy[14389]: 10.0.1.2:33317 [22/Nov/2026:10:33:45.655] http-in~ static/srv1 "
        '10/0/30/69/{time:.0f} {status} 2750 - - ---- 1/1/1/1/0 0/0 {{1wt.eu}} {{}} "{method} {path} HTTP/1.1"',
        1e-3,
    ),
    "haproxy, no syslog head": (
        HAPROXY,
        "10.0.1.2:33317 [22/Nov/2026:10:33:45.655] http-in static/srv1 "
        '10/0/30/69/+{time:.0f} {status} +2750 - - ---- 1/1/1/1/0 0/0 "{method} {path} HTTP/1.1"',
        1e-3,
    ),
    "caddy": (
        CADDY,
        '{{"level":"info","ts":1795343631.6,"request":{{"proto":"HTTP/1.1","method":"{method}","host":"a",'
        '"uri":"{path}","headers":{{"A":["b"]}}}},"duration":{time:.6f},"size":0,"status":{status}}}',
        1,
    ),
    "traefik, JSON": (
        TRAEFIK_JSON,
        '{{"ClientAddr":"10.0.0.1:9","DownstreamStatus":{status},"Duration":{time:.0f},"Overhead":7,'
        '"RequestMethod":"{method}","RequestPath":"{path}","level":"info"}}',
        1e-9,
    ),
}


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("name", LINES)
def test_lines_of_known_content(name: str, ending: str) -> None:
    format, line, unit = LINES[name]
    source = random.Random(name)
    known = []
    text = ""
    for _ in range(300):
        status = source.choices([200, 301, 404, 500, 504], [80, 5, 5, 5, 5])[0]
        time = source.lognormvariate(-3, 1)
        written = round(time / unit) if unit not in (0, 1) else round(time, 3)
        if format is WHOLE_SECONDS:
            written = source.randrange(0, 5)
        known.append((status, written * unit if unit else None))
        path = source.choice(["/ok?x=1&y=%20", "/items/7", "/"])
        text += line.format(method=source.choice(["GET", "POST"]), path=path, status=status, time=written) + ending
    raw = text.encode()

    assert recognise(raw, AUTO) is format
    rows = format.parse(raw)
    assert (rows.bad, rows.others) == (0, 0)
    assert [int(status) for status in rows.statuses] == [status for status, _ in known]
    for found, (_, expected) in zip(rows.times, known, strict=True):
        assert found == (pytest.approx(expected) if expected is not None else None)
    assert set(rows.targets) == {
        f"{method} {path}".encode() for method in ("GET", "POST") for path in ("/ok", "/items/7", "/")
    }


def test_every_word_of_the_configuration_is_known_and_no_other() -> None:
    assert set(CANDIDATES) == set(get_args(LogFormat))


def test_a_word_that_is_not_known_is_refused_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match=r"access_logs\[0\]\.format.*'ngnix'.*auto, nginx, apache, caddy"):
        parse({"access_logs": [{"name": "web", "path": "/x", "format": "ngnix"}]}, "test")


@pytest.mark.parametrize(
    ("word", "line", "format"),
    [
        ("nginx", HEAD + AGENT, COMBINED),
        ("nginx", HEAD + AGENT + " 0.010 -", SECONDS[0]),
        ("apache", HEAD, COMBINED),
        ("apache", HEAD + AGENT + " 51000", MICROSECONDS),
        ("gunicorn", HEAD + AGENT + " 0.051000", SECONDS[0]),
        ("combined-s", HEAD + AGENT + " 51000", WHOLE_SECONDS),
        ("combined-s", HEAD + AGENT + " 0.051", SECONDS[0]),
        ("combined-ms", HEAD + AGENT + " 51", MILLISECONDS),
        ("combined-us", HEAD + AGENT + " 51", MICROSECONDS),
    ],
)
def test_a_named_program_narrows_the_choice(word: str, line: str, format: Format) -> None:
    text = (line.format(method="GET", path="/", status=200) + "\n").encode()
    assert recognise(text, CANDIDATES[word]) is format


def test_a_unit_that_lines_do_not_tell_is_a_guess() -> None:
    assert guessed(MICROSECONDS, AUTO)
    assert guessed(WHOLE_SECONDS, CANDIDATES["apache"])
    assert not guessed(MICROSECONDS, CANDIDATES["combined-us"])
    assert not guessed(WHOLE_SECONDS, CANDIDATES["combined-s"])
    assert not guessed(SECONDS[0], AUTO)
    assert not guessed(None, AUTO)


def test_one_slow_request_does_not_turn_seconds_into_microseconds() -> None:
    lines = [HEAD + AGENT + f" {time}" for time in (0, 0, 1, 300, 0, 2, 120)]
    text = "\n".join([*lines, ""]).format(method="GET", path="/", status=200).encode()
    assert recognise(text, AUTO) is WHOLE_SECONDS


def test_nothing_is_recognised_in_other_text() -> None:
    assert recognise(b"", AUTO) is None
    assert recognise(b"Nov 22 10:00:00 host kernel: eth0 up\n" * 50, AUTO) is None
    assert recognise(b'{"level":"info","msg":"started"}\n' * 50, AUTO) is None
    assert recognise(b"", CANDIDATES["uvicorn"]) is UVICORN, "a single candidate needs no proof"


def test_the_newest_lines_decide() -> None:
    old = (HEAD + AGENT + "\n").format(method="GET", path="/", status=200)
    new = (HEAD + AGENT + " 0.010 -\n").format(method="GET", path="/", status=200)
    assert recognise((old * 1000 + new * 300).encode(), AUTO) is SECONDS[0]
    assert better((new * 30).encode(), COMBINED, AUTO) is SECONDS[0]
    assert better((old * 30).encode(), SECONDS[0], AUTO) is SECONDS[0], "it reads those as well"
    assert better(b"nothing\n", SECONDS[0], AUTO) is SECONDS[0]


# -- what single formats say beyond that


def test_haproxy_tells_timeouts_by_its_flags() -> None:
    line = (
        "haproxy[1]: 10.0.1.2:33317 [22/Nov/2026:10:33:45.655] in be/<NOSRV> "
        '0/0/-1/-1/5000 {status} 212 - - {flags} 1/1/1/1/0 0/0 "GET /slow HTTP/1.1"\n'
    )
    ends = [(503, "sQ--"), (504, "sH--"), (408, "cR--"), (200, "cD--"), (503, "SC--"), (-1, "CR--"), (200, "----")]
    text = "".join(line.format(status=status, flags=flags) for status, flags in ends).encode()
    assert list(HAPROXY.parse(text).statuses) == [b"503!", b"504!", b"408!", b"200!", b"503", b"-1", b"200"]


def test_haproxy_requests_that_are_cut_off_or_broken() -> None:
    head = "haproxy[1]: 10.0.1.2:3 [22/Nov/2026:10:33:45.655] in be/s 0/0/1/2/3 {} 9 - - ---- 1/1/1/1/0 0/0 "
    text = (head.format(200) + '"GET /long/path\n' + head.format(400) + '"<BADREQ>"\n').encode()
    text += b"Nov 22 haproxy[1]: Proxy be started.\n"
    rows = HAPROXY.parse(text)
    assert list(rows.targets) == [b"GET /long/path", b""]
    assert (rows.bad, rows.others) == (0, 1)


def test_what_is_no_request_is_counted_without_a_target() -> None:
    shapes = ['"\\x16\\x03\\x01\\x02"', '""', '"-"', '"GET"', '"get /lower HTTP/1.1"', '"A\\"B"']
    text = "".join(f'192.0.2.1 - - [22/Nov/2026:10:33:45 +0000] {shape} 400 0 "-" "-"\n' for shape in shapes)
    rows = COMBINED.parse(text.encode())
    assert list(rows.targets) == [b""] * len(shapes)
    assert rows.bad == 0


def test_a_quote_in_the_request_or_the_agent_does_not_shift_the_fields() -> None:
    line = r'192.0.2.1 - - [t] "GET /a\"b\" 200 5 \"c HTTP/1.1" 404 9 "\" 500 7 \"" "x\" 9.999" 0.125 0.1' + "\n"
    rows = SECONDS[0].parse(line.encode())
    assert (rows.targets[0], rows.statuses[0], rows.times[0]) == (b"GET /a", b"404", 0.125)


def test_other_lines_of_a_json_log_are_not_bad() -> None:
    request = '{"status":200,"duration":0.25,"request":{"method":"GET","uri":"/"}}'
    lines = [request, '{"level":"info","msg":"serving"}', "", request, "no json", '{"status":"200"}']
    rows = CADDY.parse(("\n".join(lines) + "\n").encode())
    assert list(rows.statuses) == [200, 200]
    assert (rows.bad, rows.others) == (2, 1)
    assert not CADDY.understands(b"no json\n")
    assert CADDY.understands(b'{"level":"info"}\n')


def test_caddy_logs_status_0_for_a_client_that_left() -> None:
    text = b'{"status":0,"duration":1.5,"request":{"method":"GET","uri":"/"}}\n'
    assert statuses(CADDY, text) == {0: 1}


@pytest.mark.parametrize("value", ["-0.5", "1e300", "NaN", "Infinity", '"0.1s"', "1e7000", "[]"])
def test_a_json_time_that_cannot_be_is_a_bad_line(value: str) -> None:
    good = b'{"status":200,"duration":0.25,"request":{"method":"GET","uri":"/"}}\n'
    rows = CADDY.parse(good + good.replace(b"0.25", value.encode()))
    assert list(rows.times) == [0.25]
    assert rows.bad == 1


@pytest.mark.parametrize("value", ["-1", "1000", "99999999999999999999", "2.5", "null"])
def test_a_json_status_that_cannot_be_is_a_bad_line(value: str) -> None:
    text = f'{{"DownstreamStatus":{value},"Duration":5}}\n'.encode()
    assert TRAEFIK_JSON.parse(text) == ([], [], [], 1, 0)


def test_a_target_with_a_line_feed_inside_stays_one_target() -> None:
    lines = [{"status": 200, "request": {"method": "GET", "uri": uri}} for uri in ("/a\nb?c", "/d?e\nf", "/g")]
    text = "".join(json.dumps(line) + "\n" for line in lines).encode()
    assert targets(CADDY, text) == [b"GET /a b", b"GET /d", b"GET /g"]


def test_a_time_with_leading_zeros() -> None:
    text = "".join(
        (HEAD + AGENT + f" {time} -\n").format(method="GET", path="/", status=200) for time in ("007.5", "x")
    )
    assert seconds(SECONDS[0], text.encode()) == [7.5, None]


@pytest.mark.parametrize("time", ["-0.001", "12345678.0", "1e5", "0.5.5", "0x1.8", "NaN"])
def test_a_text_time_that_cannot_be_is_no_time(time: str) -> None:
    text = (HEAD + AGENT + f" {time} -\n").format(method="GET", path="/", status=200).encode()
    rows = SECONDS[0].parse(text)
    assert list(rows.times) == [None]
    assert rows.bad == 0


HOSTILE: dict[str, bytes] = {
    "zeros": b"\0" * 5000,
    "quotes": b'"' * 5000,
    "backslashes": b'1 - - [t] "GET /' + b"\\" * 5001,
    "escaped quotes": b'1 - - [t] "GET /' + b'\\"' * 5000,
    "quoted fields": b'1 - - [t] "GET / HTTP/1.1" 200 1' + b' "a"' * 3000 + b" x",
    "brackets": b"]" * 5000,
    "many beginnings": b'] "A" 200 ' * 5000,
    "many beginnings with a dash": b' - "A" 200 ' * 5000,
    "many beginnings with timers": b"] a b 1/1/1/1/1 200 1 a b ---- " * 2000,
    "numbers": b'1 - - [t] "GET / HTTP/1.1" 200 1 "a" ' + b"1" * 5000,
    "slashes": b"] a b " + b"1/" * 5000,
    "broken UTF-8": b"\xff\xfe" * 3000,
    "nested JSON": b'{"request":' * 2000,
    "deep lists": b"[" * 5000,
    "escape sequences": b"\x1b[2J\x1b]0;x\x07" * 500,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_lines_hurt_nobody_beside_them(name: str) -> None:
    for format, line, _ in LINES.values():
        good = (line.format(method="GET", path="/", status=200, time=1) + "\n").encode()
        rows = format.parse(good + HOSTILE[name] + b"\n" + good)
        assert len(rows.statuses) + rows.bad + rows.others == 3
        assert len(rows.statuses) >= 2
