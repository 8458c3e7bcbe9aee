"""The language of filters: by itself, and on the tables of the screens."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from ui_scene import Scene, process, running, worker

from perf_tui.measures.workers import State
from perf_tui.ui.filter import Field, compiled


class Row(NamedTuple):
    name: str
    state: str
    cpu: float | None = None
    memory: float | None = None
    age: float | None = None
    done: float | None = None


ROWS = (
    Row("mail:1", "error", 0.5, 2**30, 30.0, 0.0),
    Row("mail:2", "waiting", 0.501, 2**30 + 1, 31.0, 1500.0),
    Row("no space", "stale", None, None, None, None),
    Row("--flag=x", "Error", 0.0, 5e5, 0.0021, 2.0),
)
FIELDS: dict[str, Field[Row]] = {
    "name": Field(lambda row: row.name),
    "state": Field(lambda row: row.state),
    "cpu": Field(lambda row: "", lambda row: row.cpu, "ratio"),
    "memory": Field(lambda row: "", lambda row: row.memory, "By"),
    "age": Field(lambda row: "", lambda row: row.age, "s"),
    "done": Field(lambda row: "", lambda row: row.done, "1"),
}


def shown(expression: str) -> tuple[str, str]:
    """The numbers of the rows for which it holds, and what is wrong with it."""
    holds, problem = compiled(expression, FIELDS, lambda row: f"{row.name} {row.state}")
    return "".join(str(number) for number, row in enumerate(ROWS) if holds(row)), problem


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("", "0123"), ("   ", "0123"), ("mail", "01"), ("MAIL error", "0"), ("error", "03"), ("-error", "12"),
        ('"no space"', "2"), ('"no spa', "2"), ("no space", "2"), ("space no", "2"), ("mail:1", "0"),
        ("il:2 wait", "1"), ("-mail:1", "123"), ("--flag", "3"), ("--flag=x", "3"), ("-", "0123"), ("state:err", "03"),
        ("state=err", ""),
        ("state=ERROR", "03"), ("state!=error", "12"), ("state:error,stale", "023"), ('name:"no space",--flag', "23"),
        ("state:", "0123"), ("-state:error", "12"), ("cpu>50", "1"), ("cpu>50%", "1"), ("cpu>=50", "01"),
        ("cpu<50", "3"), ("cpu!=50", "13"), ("cpu=0", "3"), ("-cpu>50", "023"), ("memory>1GiB", "1"),
        ("mem>=1GiB", "01"), ("m<1MiB", "3"), ("memory<1g", "3"), ("memory=500kB", "3"), ("age>30s", "1"),
        ("age<3ms", "3"),
        ("age>=0.5m", "01"), ("done>=1.5k", "1"), ("done>1 cpu>0", "1"), ("s:error c>=50", "0"), ("a<1h -mail", "3"),
        ("mail cpu>=50 -wait", "0"),
    ],
)  # fmt: skip
def test_what_holds(expression: str, rows: str) -> None:
    assert shown(expression) == (rows, "")


@pytest.mark.parametrize(
    ("expression", "rows", "problem"),
    [
        ("cpu>", "0123", "cpu>: cpu is percent, as in 50"),
        ("mail cpu>high", "01", "cpu>high: cpu is percent, as in 50"),
        ("cpu>1GiB", "0123", "cpu>1GiB: cpu is percent, as in 50"),
        ("memory>1s", "0123", "memory>1s: memory is bytes, as in 1GiB"),
        ("age>soon", "0123", "age>soon: age is a time, as in 30s"),
        ("done>many", "0123", "done>many: done is a number, as in 10"),
        ("state>error", "0123", "state>error: state is no number; state:word looks for a word"),
        ("foo>5 mail", "01", 'there is no column "foo"; there are name, state, cpu, memory, age, done'),
        ("foo=5", "0123", 'there is no column "foo"; there are name, state, cpu, memory, age, done'),
    ],
)
def test_what_is_wrong_is_said_and_left_out(expression: str, rows: str, problem: str) -> None:
    assert shown(expression) == (rows, problem)


@pytest.mark.parametrize(
    "expression", ['"', '""', ":", "::", "a:b:c", ">", "<>=", "-:", '-"', "=5", "cpu>>5", "\x00", "a" * 9999]
)
def test_nothing_that_is_typed_is_an_error_of_the_program(expression: str) -> None:
    shown(expression)
    for cut in range(len(expression[:9])):
        shown(f"cpu>{expression[:cut]} -{expression}")


async def test_on_the_board_of_workers() -> None:
    scene = Scene(ticks=3)
    scene.crew(
        worker("a", State.ERROR, kind="celery"),
        worker("b", State.PROCESSING, task_age=40.0),
        worker("c", body=worker("c").body._replace(cpu=0.9), facts=(("queue", "slow"),)),
    )
    async with running(scene) as driver:
        await driver.press("5", "slash")
        for expression, names in (
            ("state:error", "a"), ("cpu>50 kind:rq", "c"), ("-kind:celery age>30s", "b"), ("queue:slow", "c"),
            ("group=mail", "abc"), ("restarts>1", "abc"), ("name:b", "b"), ("uptime<1h", ""),
            ("says=idle pid:41", "abc"),
        ):  # fmt: skip
            driver.live._filter.value = expression
            await driver.settle()
            assert {row.id for row in driver.pane("board").shown} == set(names), expression
        driver.live._filter.value = ""
        await driver.type("cpu>x")
        assert "▲ cpu>x: cpu is percent, as in 50" in driver.text
        await driver.press("backspace", "8", "enter")
        assert "is percent" not in driver.text
        assert "cpu>8" in driver.pane_text("board")[0]
        await driver.press("escape")
        assert len(driver.pane("board").shown) == 3


async def test_on_other_tables(scene: Scene) -> None:
    scene.processes = (process(7, 0.9, memory=2**31), process(8, 0.1, state="D"), process(9, None))
    async with running(scene) as driver:
        await driver.press("3", "slash")
        for expression, pids in (
            ("cpu>50", {7}),
            ("memory>1GiB", {7}),
            ("state:d", {8}),
            ("pid>=8", {8, 9}),
            ("-cpu>50", {8, 9}),
        ):
            driver.live._filter.value = expression
            await driver.settle()
            assert {row.pid for row in driver.pane("processes").shown} == pids, expression
        await driver.press("escape", "2", "slash")
        await driver.type("rate>0 service:check")
        assert [row.service.name for row in driver.pane("services").shown] == ["checkout"]
