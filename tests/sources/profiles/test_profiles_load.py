"""Profiles are checked as strictly as the configuration: a mistake is named with its file, key and what is allowed."""

from pathlib import Path

import pytest

from perf_tui.config.errors import ConfigError
from perf_tui.sources.profiles.load import BUNDLED, load, load_all
from perf_tui.sources.profiles.matching import Matchers, compiled, plain

GOOD = """\
name = "shop"
title = "Our shop"
route = ["path"]

[[recognise]]
family = "shop_requests_total"
labels = ["code"]

[measures]
"app.request.rate" = [{ kind = "rate", family = "shop_requests_total" }]
"""


def test_those_that_come_along_are_valid_and_cover_what_they_say() -> None:
    profiles = load_all()
    assert len(profiles) == len(list(BUNDLED.glob("*.toml"))) >= 24
    assert {
        "fastapi-instrumentator", "starlette-exporter", "starlette-prometheus", "django-prometheus", "flask-exporter",
        "otel-http", "otel-http-old", "micrometer", "express-prom-bundle", "fastify-metrics", "go-promhttp", "granian",
        "nginx-exporter", "nginx-vts", "caddy", "haproxy", "traefik", "envoy", "prometheus", "victoriametrics",
        "celery-exporter", "dramatiq", "generic",
    } <= {profile.name for profile in profiles}  # fmt: skip


def test_a_persons_own_profile_is_added_or_takes_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(GOOD)
    (tmp_path / "caddy.toml").write_text(GOOD.replace('"shop"', '"caddy"'))
    profiles = {profile.name: profile for profile in load_all(tmp_path)}
    assert profiles["shop"].title == "Our shop"
    assert profiles["caddy"].title == "Our shop"
    assert len(profiles) == len(load_all()) + 1


def test_a_folder_that_is_not_there_is_no_mistake(tmp_path: Path) -> None:
    assert len(load_all(tmp_path / "none")) == len(load_all())


@pytest.mark.parametrize(
    ("before", "after", "where", "problem"),
    [
        ('title = "Our shop"\n', "", "", 'the key "title" is missing'),
        ('route = ["path"]', 'rout = ["path"]', "rout", "unknown key; the nearest is route"),
        ('"rate"', '"speed"', "measures.app.request.rate[0].kind", "allowed: gauge, rate, quantile"),
        ("app.request.rate", "app.request.rat", "measures.app.request.rat", "the nearest is app.request.rate"),
        (', family = "shop_requests_total" }', " }", "measures.app.request.rate[0]", 'the key "family" is missing'),
        ('"rate", family', '"rate", stat = "p50", family', "measures.app.request.rate[0].stat", "has no such key"),
        ('"rate", family', '"quantile", family', "measures.app.request.rate[0]", "is one number"),
        ('"rate", family = "shop_requests_total"', '"ratio"', "measures.app.request.rate[0]", 'key "part" is missing'),
        ('"shop_requests_total" }', '"/(/" }', "measures.app.request.rate[0].family", "no regular expression"),
        ('"shop_requests_total" }', '"x", where = { a = "/[/" } }', "measures.app.request.rate[0].where.a", "no reg"),
        ('"shop_requests_total" }', '"@requests" }', "names", "there is no 'requests' in it"),
        ('route = ["path"]', 'labels = { shop = ["id"] }', "labels.shop", "no measure of this profile has it"),
        ('name = "shop"', 'name = "Shop!"', "name", "small letters"),
        ("[[recognise]]", "[absent]\n\"app.error\" = \"x\"\n\n[[recognise]]", "absent.app.error", "is no measure"),
        ("[measures]", "[measures", "line 9, column 10", ""),
    ],
)  # fmt: skip
def test_a_mistake_is_named(tmp_path: Path, before: str, after: str, where: str, problem: str) -> None:
    file = tmp_path / "shop.toml"
    assert before in GOOD
    file.write_text(GOOD.replace(before, after))
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert (caught.value.file, caught.value.where) == (str(file), where)
    assert problem in caught.value.problem


def test_two_files_may_not_give_the_same_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(GOOD)
    with pytest.raises(ConfigError, match=r"b\.toml: name: 'shop' is the name of a\.toml too"):
        load_all(tmp_path)


def test_names_of_ones_own_stand_for_what_is_written_often(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    text = GOOD.replace('family = "shop_requests_total"', 'family = "@all"').replace('"code"', '"@status"')
    file.write_text(
        text.replace("[[recognise]]", '[names]\nall = "/shop_.*/"\nstatus = "code|status"\n\n[[recognise]]')
    )
    profile = load(file)
    assert profile.recognise[0].family == "/shop_.*/"
    assert profile.recognise[0].labels == ("code|status",)


@pytest.mark.parametrize(
    ("matcher", "yes", "no"),
    [
        ("GET", ["GET"], ["get", ""]),
        ("5xx", ["5xx", "5XX", "504", "5"], ["4xx", "50", "5000", "5ab", "", "total"]),
        ("timeouts", ["408", "504", "524"], ["500", "5xx", "timeout"]),
        ("!5xx", ["200", ""], ["500"]),
        ("/a.*/", ["a", "abc"], ["ba"]),
        ("!/a.*/", ["b"], ["ab"]),
        (("4xx", "500"), ["404", "500"], ["503"]),
        ("", [""], ["x"]),
    ],
)
def test_matchers(matcher: str | tuple[str, ...], yes: list[str], no: list[str]) -> None:
    check = compiled(matcher)
    assert [check(value) for value in (*yes, *no)] == [True] * len(yes) + [False] * len(no)


def test_of_alternative_labels_the_first_that_is_there_is_compared() -> None:
    matchers = Matchers({"status|code": "5xx", "method": "!POST"})
    assert matchers.match({"code": "500"})
    assert not matchers.match({"status": "200", "code": "500"})
    assert not matchers.match({"code": "500", "method": "POST"})
    assert matchers.possible({"code": 1})
    assert not matchers.possible({"method": 1}), "no series of such a family can have a status"


def test_dots_of_opentelemetry_become_underscores() -> None:
    assert plain("http.server.request.duration") == "http_server_request_duration"
    assert plain("vllm:num_requests_running") == "vllm:num_requests_running"
