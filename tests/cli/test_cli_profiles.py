"""Profiles on the command line: `config validate`, `doctor`."""

from pathlib import Path

import pytest

from perf_tui.cli.checks import sources
from perf_tui.cli.main import main
from perf_tui.engine.snapshot import Snapshot, SourceState
from perf_tui.measures.model import Status, Value, series
from perf_tui.measures.services import Recognised

PROFILE = """\
name = "shop"
title = "Our shop"

[[recognise]]
family = "shop_requests_total"

[measures]
"app.request.rate" = [{ kind = "rate", family = "shop_requests_total" }]
"""


def test_a_profile_is_checked_by_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shop.toml").write_text(PROFILE)
    assert main(["config", "validate", "shop.toml"]) == 0
    assert capsys.readouterr().out == "shop.toml: valid, the profile shop\n"


def test_a_persons_own_profiles_are_checked_with_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "home" / "perf-tui" / "profiles"
    folder.mkdir(parents=True)
    (folder / "shop.toml").write_text(PROFILE)
    (tmp_path / "config.toml").write_text('[[targets]]\nname = "a"\nurl = "http://127.0.0.1:1"\nprofile = "shop"\n')
    assert main(["config", "validate"]) == 0
    (folder / "shop.toml").write_text(PROFILE.replace('"rate"', '"speed"'))
    assert main(["config", "validate"]) == 2
    assert "shop.toml: measures.app.request.rate[0].kind: 'speed' is not allowed" in capsys.readouterr().err


def test_a_target_that_names_no_profile_there_is_is_a_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.toml").write_text('[[targets]]\nname = "a"\nurl = "http://127.0.0.1:1"\nprofile = "cady"\n')
    assert main(["config", "validate", "mine.toml"]) == 2
    assert "mine.toml: targets[0].profile: there is no profile 'cady'; the nearest is caddy" in capsys.readouterr().err


def test_doctor_says_what_an_endpoint_was_recognised_as() -> None:
    snapshot = Snapshot(
        sources=(SourceState("shop", "scrape", Status.OK, 0.002), SourceState("disks", "disks", Status.OK, 0.001)),
        values={series("system.load", period="1m"): Value(1.0)},
        tables={"recognised": (Recognised("shop", "Caddy (6); next: names by convention (4)"),)},
    )
    found = {check.id: check.finding for check in sources(snapshot)}
    assert found["source.shop"] == "read in 2.0 ms; Caddy (6); next: names by convention (4)"
    assert found["source.disks"] == "read in 1.0 ms"
