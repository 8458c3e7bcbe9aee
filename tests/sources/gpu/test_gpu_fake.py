"""The played library has the functions of the real one, with its parameters: code that runs on it runs on that."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pynvml
import pytest
from fake_nvml import FakeNvml

import perf_tui.sources.gpu
from perf_tui.sources.gpu.words import HARDWARE, IDLE, REASONS

PLAYED = [name for name in vars(FakeNvml) if name.startswith("nvml")]


@pytest.mark.parametrize("name", PLAYED)
def test_a_played_function_has_the_parameters_of_the_real_one(name: str) -> None:
    played = list(inspect.signature(getattr(FakeNvml, name)).parameters)[1:]
    assert played == list(inspect.signature(getattr(pynvml, name)).parameters)


def test_everything_that_is_asked_is_played_or_a_constant() -> None:
    asked = set()
    for path in Path(perf_tui.sources.gpu.__path__[0]).glob("*.py"):
        asked |= set(re.findall(r"nvml\.(nvml\w+|NVML\w+)", path.read_text()))
    assert "nvmlDeviceGetUtilizationRates" in asked
    assert "NVML_ERROR_GPU_IS_LOST" in asked
    for name in asked:
        real = getattr(pynvml, name)
        assert name in PLAYED or isinstance(real, (int, type)), name


def test_what_is_not_played_does_not_reach_for_a_driver() -> None:
    with pytest.raises(AttributeError, match="does not play nvmlDeviceGetSerial"):
        FakeNvml().nvmlDeviceGetSerial  # noqa: B018


def test_to_watch_gpus_loads_no_library_before_it_is_tried() -> None:
    code = "import sys, perf_tui.sources.gpu.nvml, perf_tui.sources.gpu.sysfs; print('pynvml' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "False"


def test_the_bits_of_throttling_are_those_of_the_module() -> None:
    known = {
        name: value
        for name, value in vars(pynvml).items()
        if name.startswith(("nvmlClocksEventReason", "nvmlClocksThrottleReason")) and not name.endswith(("All", "None"))
    }
    assert set(known.values()) == {bit for bit, _ in REASONS} | {IDLE}
    assert known["nvmlClocksEventReasonGpuIdle"] == IDLE
    assert known["nvmlClocksEventReasonHwSlowdown"] == HARDWARE
    words = {bit: throttle.words for bit, throttle in REASONS}
    assert words[known["nvmlClocksEventReasonSwPowerCap"]] == "power limit"
    assert words[known["nvmlClocksEventReasonHwThermalSlowdown"]] == "too hot (hardware)"
    assert words[known["nvmlClocksEventReasonSwThermalSlowdown"]] == "too hot"
    assert words[known["nvmlClocksEventReasonHwPowerBrakeSlowdown"]] == "power brake"
    assert words[known["nvmlClocksEventReasonSyncBoost"]] == "sync boost"
    assert words[known["nvmlClocksEventReasonApplicationsClocksSetting"]] == "clocks are set"
    assert words[known["nvmlClocksEventReasonDisplayClockSetting"]] == "display clocks"
    assert words[known["nvmlClocksThrottleReasonBoardLimit"]] == "board limit"
    assert words[known["nvmlClocksThrottleReasonReliability"]] == "reliability limit"
