"""Which profile fits an endpoint, and which would be the next best."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from perf_tui.sources.profiles.schema import Profile
from perf_tui.sources.profiles.survey import Survey


class Fit(NamedTuple):
    """A profile that fits, with the prefix of its families."""

    profile: Profile
    prefix: str
    score: int
    """2 for each family that it needs, 1 for each label of them and for each family that it likes."""


def named(family: str, prefix: str) -> str:
    """The family, or pattern, with the profile's `*` spelled out."""
    if family.startswith("*/"):
        return f"/{re.escape(prefix)}{family[2:]}"
    return prefix + family[1:] if family.startswith("*") else family


def fit(profile: Profile, survey: Survey) -> Fit | None:
    """How well a profile fits what an endpoint exports; None where something that it needs is not there."""
    for prefix in profile.prefixes:
        score = 0
        for sign in profile.recognise:
            family = named(sign.family, prefix)
            if not survey.declared(family):
                break
            if sign.labels and not survey.has_labels(family, sign.labels):
                break
            score += 2 + len(sign.labels)
        else:
            likes = sum(survey.declared(named(family, prefix)) for family in profile.likes)
            return Fit(profile, prefix, score + likes)
    return None


def detect(profiles: Iterable[Profile], survey: Survey) -> list[Fit]:
    """All profiles that fit, the best first; generic ones after all others."""
    fits = [found for profile in profiles if (found := fit(profile, survey))]
    return sorted(fits, key=lambda each: (each.profile.generic, -each.score, each.profile.name))


def choose(fits: Iterable[Fit]) -> list[Fit]:
    """The best fit of each layer: an inference server's endpoint often has a web framework's numbers, too.

    A generic one is taken alone: beside another it would make a service of what that is about. Any
    service may tell of its workers as well.
    """
    best: dict[str, Fit] = {}
    for each in fits:
        if not (each.profile.generic and best.keys() - {"workers"}):
            best.setdefault(each.profile.layer, each)
    return list(best.values())


def describe(fits: list[Fit]) -> str:
    """The choice and its runners-up in a few words, for `doctor`."""
    if not fits:
        return "no profile recognises what it exports"
    chosen = choose(fits)
    text = " and ".join(f"{each.profile.title} ({each.score})" for each in chosen)
    others = [f"{each.profile.title} ({each.score})" for each in fits if each not in chosen]
    return f"{text}; next: {', '.join(others[:2])}" if others else f"{text}; no other fits"
