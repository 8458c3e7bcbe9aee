"""Whatever an engine does not tell has a reason of its own, in the words of its profile."""

import pytest
from serving import PROFILES

from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.engines import DETAILS
from perf_tui.sources.profiles.schema import Profile

AI = [profile for profile in PROFILES if profile.layer == "ai" and profile.name != "quality-scores"]
GPU = [profile for profile in PROFILES if profile.layer == "gpu"]
OF_ONE = {"memory.device", "perplexity"}
"""Details of one engine alone."""


@pytest.mark.parametrize("profile", AI, ids=lambda profile: profile.name)
def test_an_engine_tells_a_measure_or_why_not(profile: Profile) -> None:
    asked = {id for id in CATALOGUE if id.startswith("ai.") and not id.startswith("ai.quality.")}
    asked |= DETAILS.keys() - OF_ONE
    told = profile.measures.keys() | profile.details.keys() | profile.absent.keys()
    assert sorted(asked - told) == []


@pytest.mark.parametrize("profile", GPU, ids=lambda profile: profile.name)
def test_a_gpu_exporter_tells_a_measure_or_why_not(profile: Profile) -> None:
    asked = {id for id in CATALOGUE if id.startswith("gpu.")}
    assert sorted(asked - profile.measures.keys() - profile.absent.keys()) == []


@pytest.mark.parametrize(
    "name",
    [
        "vllm", "sglang", "tgi", "llamacpp", "ollama", "triton", "triton-trtllm", "trtllm-serve", "lmdeploy",
        "ray-serve-deployments", "litellm", "dynamo", "inference-gateway",
    ],
)  # fmt: skip
def test_the_engine_is_known(name: str) -> None:
    assert name in {profile.name for profile in AI}
