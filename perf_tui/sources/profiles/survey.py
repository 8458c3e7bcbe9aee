"""What an endpoint exports, without the numbers: names, kinds, labels and some of their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from perf_tui.sources.profiles.matching import Matchers, compiled, names, regular
from perf_tui.sources.profiles.schema import Where

MOST_NAMES = 10_000
"""Names that are kept; an endpoint that makes up more is not recognised any better by them."""
MOST_VALUES = 64
"""Values of a label that are kept."""
_SUFFIXES = ("_bucket", "_count", "_sum")
_KINDS = {"histogram": _SUFFIXES, "summary": ("", "_count", "_sum"), "counter": ("", "_total")}


class Survey:
    """Filled while scrapes are read; `changed` is set where a name or a label is new."""

    def __init__(self) -> None:
        self.samples: dict[str, dict[str, set[str]]] = {}
        """Sample name → label → values."""
        self.kinds: dict[str, str] = {}
        """Family → kind, as declared; it may have no samples yet."""
        self.changed = False
        self.version = 0
        """Rises with everything that is new, values of labels too."""

    def add(self, name: str, labels: Mapping[str, str]) -> None:
        """A series was seen."""
        known = self.samples.get(name)
        if known is None:
            if len(self.samples) >= MOST_NAMES:
                return
            known = self.samples[name] = {}
            self.changed = True
            self.version += 1
        for label, value in labels.items():
            values = known.get(label)
            if values is None:
                values = known[label] = set()
                self.changed = True
            if len(values) < MOST_VALUES and value not in values:
                values.add(value)
                self.version += 1

    def declare(self, family: str, kind: str) -> None:
        """A TYPE line was seen."""
        if family not in self.kinds and len(self.kinds) < MOST_NAMES:
            self.kinds[family] = kind
            self.changed = True
            self.version += 1

    def names(self, family: str) -> Iterator[str]:
        """The names of the samples there are of a family or pattern."""
        pattern = regular(family)
        if pattern is None:
            for name in (family, family + "_total", *(family + suffix for suffix in _SUFFIXES)):
                if name in self.samples:
                    yield name
            return
        for name in self.samples:
            if pattern.fullmatch(name) or pattern.fullmatch(base(name)):
                yield name

    def declared(self, family: str) -> bool:
        """Whether the family is there, be it by its TYPE line alone."""
        if any(True for _ in self.names(family)) or family in self.kinds:
            return True
        if pattern := regular(family):
            return any(pattern.fullmatch(known) for known in self.kinds)
        return any(
            self.kinds.get(family.removesuffix(suffix)) == kind
            for kind, suffixes in _KINDS.items()
            for suffix in suffixes
            if suffix and family.endswith(suffix)
        )

    def has_labels(self, family: str, labels: tuple[str, ...]) -> bool:
        """Whether samples of the family carry all these labels, each in one of its alternatives."""
        return any(
            all(self.samples[name].keys() & set(names(label)) for label in labels) for name in self.names(family)
        )

    def possible(self, family: str, matchers: Matchers) -> bool:
        """Whether the family is there and can have series that match; without samples, it can."""
        if not self.declared(family):
            return False
        found = list(self.names(family))
        return not found or any(matchers.possible(self.samples[name]) for name in found)

    def some(self, family: str, where: Where) -> bool:
        """Whether the family's samples have label values that match each of these."""
        return all(
            any(
                check(value)
                for name in self.names(family)
                for alternative in names(label)
                for value in self.samples[name].get(alternative, ())
            )
            for label, check in ((label, compiled(matcher)) for label, matcher in where.items())
        )


def base(sample: str) -> str:
    """The family that a sample's name belongs to, if it is a histogram's or a summary's."""
    for suffix in _SUFFIXES:
        if sample.endswith(suffix):
            return sample.removesuffix(suffix)
    return sample
