"""Adding targets to a file: nothing that stood in it is lost, and what comes out is what was meant."""

from __future__ import annotations

import tomllib

import pytest

from perf_tui.config import reference
from perf_tui.config.add import CommentsError, add_targets, has_comments, renamed, tables
from perf_tui.config.load import parse
from perf_tui.config.schema import Target

SHOP = Target(name="shop:8000", url="http://127.0.0.1:8000/metrics")
TLS = Target(name='"odd" \\ name', url="https://127.0.0.1:8443/metrics", verify=False)


def test_only_what_is_said_is_written() -> None:
    assert tomllib.loads(tables([SHOP, TLS])) == {
        "targets": [
            {"name": "shop:8000", "url": "http://127.0.0.1:8000/metrics"},
            {"name": '"odd" \\ name', "url": "https://127.0.0.1:8443/metrics", "verify": False},
        ]
    }
    assert tables([SHOP]).startswith("[[targets]]\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "interval = 1.0\n",
        "interval = 1.0",
        "# a comment\n[ui]\ntheme = 'light' # and another",
        "[[targets]]\nname = 'a'\nurl = 'http://a/'\n",
        "[[targets]]\nname = 'a'\nurl = 'http://a/'\n[ui]\nascii = true\n",
        "\ufeffinterval = 1.0\n",
        "interval = 1.0\r\n# dos\r\n",
        "[keys]\nquit = '#'\n",
    ],
)
def test_they_are_added_at_the_end_and_all_else_stays_as_it_is(text: str) -> None:
    added = add_targets(text, [SHOP, TLS])
    assert added.text.startswith(text)
    assert not added.rewritten
    config = parse(tomllib.loads(added.text.removeprefix("\ufeff")), "file")
    before = parse(tomllib.loads(text.removeprefix("\ufeff")), "file")
    assert config.targets == (*before.targets, SHOP, TLS)
    assert (config.interval, config.ui, config.keys) == (before.interval, before.ui, before.keys)
    if "\r\n" in text:
        assert added.text.replace("\r\n", "").count("\n") == 0


def test_the_reference_takes_them() -> None:
    added = add_targets(reference.text(), [SHOP])
    assert not added.rewritten
    assert parse(tomllib.loads(added.text), "file").targets == (SHOP,)


def test_a_file_in_another_form_is_written_anew() -> None:
    text = 'interval = 1.0\ntargets = [{ name = "a#1", url = "http://a/" }]\nalerts = []\n'
    added = add_targets(text, [SHOP])
    assert added.rewritten
    config = parse(tomllib.loads(added.text), "file")
    assert [target.name for target in config.targets] == ["a#1", "shop:8000"]
    assert (config.interval, config.alerts) == (1.0, ())


def test_but_never_at_the_cost_of_its_comments() -> None:
    text = 'targets = [{ name = "a", url = "http://a/" }] # my own\n'
    with pytest.raises(CommentsError, match="its comments would be lost"):
        add_targets(text, [SHOP])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1", False),
        ("a = 1 # one", True),
        ("#", True),
        ('a = "#"', False),
        ("a = '#'", False),
        ('a = "\\"#"', False),
        ('a = "" # "', True),
        ("a = '\\' # '", True),
        ('a = """\n# no\n"""', False),
        ("a = '''\n# no\n'''", False),
        ('a = """\\""" # no"""', False),
        ("# it's\na = 'x'", True),
        ("'#' = 1", False),
    ],
)
def test_comments_are_known_from_strings(text: str, expected: bool) -> None:
    tomllib.loads(text)
    assert has_comments(text) is expected


def test_names_of_their_own() -> None:
    twice = [SHOP, SHOP, Target(name="b", url="http://b/")]
    assert [each.name for each in renamed(twice, ["b", "shop:8000 (2)"])] == ["shop:8000", "shop:8000 (3)", "b (2)"]
