"""What a profile may say: how to recognise an endpoint, and where each measure is to be found in it.

A family is named as it is exposed, a histogram without `_bucket`. `*` at its beginning stands for one
of the profile's prefixes. Between slashes it is a regular expression for the whole name, or after `*/`
for what follows the prefix; the first family that fits is taken. Characters of UTF-8 names that the
classic format lacks (the dots of OpenTelemetry) are written `_`, in names of families and of labels.

Matchers (`where`, `given`, `exclude`) compare label values; a label that is missing is empty:

    "GET"        this value
    "5xx"        a class of status codes, however written: 5xx, 504, 5
    "timeouts"   the status codes that say that somebody waited too long
    "!x"         any but x (each form may follow)
    "/re/"       a regular expression for the whole value
    ["a", "b"]   any of them

A label may be named with alternatives, `status|code`: the first that a series has is compared.
What is written often can be given a name of its own in `[names]`, and is then written `@name`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from perf_tui.config.schema import Section, Text

Kind = Literal["gauge", "rate", "quantile", "summary", "mean", "ratio", "share"]
Across = Literal["sum", "max", "min", "mean", "count"]
Layer = Literal["app", "ai", "gpu", "workers"]
Where = dict[str, str | tuple[str, ...]]
Port = Annotated[int, Meta(ge=1, le=65535)]


class Selector(Section, frozen=True):
    """The series of one family."""

    family: Text
    where: Where = field(default_factory=dict)
    scale: float = 1.0
    optional: bool = False
    """It appears with its first event: while it is not there, it is 0."""
    across: Across | None = None
    """How its series become one number, where that is not as the candidate says (share, `whole` and `times`)."""
    level: bool = False
    """A gauge among counters: what is under way and will be counted later; its change counts, up and down (rate)."""


class Candidate(Section, frozen=True):
    """One way to a measure. The first candidate whose families are there is taken.

    gauge     what stands there now; of several series or selectors `across` of them
    rate      increase per second over the newest interval
    quantile  p50, p95, p99 and mean of a histogram over the window
    summary   quantiles as the program itself computed them, and the mean over the window
    mean      increase of `_sum` / increase of `_count` over the window; of several `of` the sum of their
              means; with `whole`, gauges, divided by what stands there
    ratio     increase of `part` / increase of `whole` over the window
    share     `part` / `whole` as gauges stand now
    """

    kind: Kind
    family: str = ""
    where: Where = field(default_factory=dict)
    of: tuple[Selector, ...] = ()
    """Instead of `family` and `where`: several, scaled and added up (gauge, rate)."""
    part: tuple[Selector, ...] = ()
    whole: tuple[Selector, ...] = ()
    times: tuple[Selector, ...] = ()
    """Gauges that it is multiplied by (gauge), or its whole (share)."""
    read: str = ""
    """The label whose text is the number, instead of the series' own (gauge)."""
    own: str = ""
    """A histogram or summary of the same requests by route: what it has counted of scrapes is taken off (quantile)."""
    given: Where = field(default_factory=dict)
    """Only where some series of the family has such label values."""
    across: Across = "sum"
    """How the series of one row become one number (gauge, share)."""
    max_over: tuple[str, ...] = ()
    """Labels of which the highest is taken first, as of ranks that all report the same (gauge, rate, ratio, share)."""
    least: float | None = None
    most: float | None = None
    """A number beyond these is a sign that there is none, such as -1 or DCGM's blanks near 2^63 (gauge, share)."""
    scale: float = 1.0
    offset: float = 0.0
    """Added after scaling; the result is never below `floor` (gauge)."""
    floor: float | None = None
    stat: Literal["p50", "p95", "p99", "mean"] | None = None
    """Which statistic a gauge or ratio is, for measures that have several."""

    @property
    def terms(self) -> tuple[Selector, ...]:
        """`of`, or the one family."""
        return self.of or (Selector(family=self.family, where=self.where),)


class Info(Section, frozen=True):
    """A series whose labels, not its number, tell something: what others only name by an id."""

    family: Text
    on: str = ""
    """Its label that the others carry too; without it, it tells of all of them."""
    labels: dict[str, tuple[Text, ...]] = field(default_factory=dict)
    """Label of our measures → labels of it, the first that is there."""


class Part(Section, frozen=True):
    """Labels of series that are about an instance of a GPU (MIG), which becomes a row below its GPU's."""

    id: tuple[Text, ...]
    """Which instance it is."""
    name: tuple[Text, ...]
    """What kind of instance."""
    shared: tuple[Text, ...] = ()
    """Measures and details that are the GPU's: each instance repeats them."""


class Standing(Section, frozen=True):
    """A gauge whose number says how an engine, or one of its ranks, is."""

    family: Text
    words: dict[str, Text]
    """Number → word of the vocabulary of inference servers; other numbers say nothing."""
    where: Where = field(default_factory=dict)


class Finish(Section, frozen=True):
    """A counter of requests that ended, by the reason."""

    family: Text
    label: Text


class Sign(Section, frozen=True):
    """A family that must be there, with labels that its series must have."""

    family: Text
    labels: tuple[Text, ...] = ()


class Profile(Section, frozen=True, kw_only=True):
    """One application, exporter or server."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*$", description="small letters, digits, - . _")]
    title: Text
    layer: Layer = "app"
    names: dict[str, Text] = field(default_factory=dict)
    """What `@name` stands for in the place of a family or a label."""
    generic: bool = False
    """Taken only where no other profile fits."""
    recognise: Annotated[tuple[Sign, ...], Meta(min_length=1)]
    """All of them must be there."""
    likes: tuple[Text, ...] = ()
    """Families that speak for this profile without being needed."""
    prefixes: tuple[str, ...] = ("",)
    """What `*` at the beginning of a family may stand for; the first that fits is taken."""
    paths: tuple[Annotated[str, Meta(pattern="^/", description="a path from /")], ...] = ("/metrics",)
    """Where it offers its metrics, for discovery."""
    ports: tuple[Port, ...] = ()
    """On which ports it usually listens, for discovery."""
    labels: dict[str, tuple[Text, ...]] = field(default_factory=dict)
    """Label of our measures → labels of theirs; the first that a series has is taken."""
    info: tuple[Info, ...] = ()
    """Where labels of our measures are told by a series of its own."""
    part: Part | None = None
    uuid: tuple[Text, ...] = ()
    """Labels that hold a GPU's UUID, by which it is known to other sources, too."""
    rank: tuple[Text, ...] = ()
    """Labels that tell the ranks or workers of one engine apart; the first that a series has is taken."""
    parts: Literal["rank", "worker", "replica", "deployment"] = "rank"
    """What `rank` tells apart. All but ranks are told of by themselves, also where there is one alone."""
    states: tuple[Standing, ...] = ()
    finish: Finish | None = None
    probe: Text | None = None
    """Which JSON endpoints beside the metrics tell more: a name in `perf_tui.sources.inference`."""
    route: tuple[Text, ...] = ()
    """Labels that name the route, handler or view; the first that a series has is taken."""
    method: tuple[Text, ...] = ()
    """Labels that name the request's method, shown before the route."""
    own: tuple[Text, ...] = ()
    """Routes that are scrapes, besides the path that is scraped: they are left out."""
    exclude: Where = field(default_factory=dict)
    """Series that are left out altogether."""
    notes: tuple[Text, ...] = ()
    """What a reader of the numbers should know."""
    absent: dict[str, Text] = field(default_factory=dict)
    """Measure → why it is not there, or how to switch it on."""
    measures: dict[str, tuple[Candidate, ...]]
    details: dict[str, tuple[Candidate, ...]] = field(default_factory=dict)
    """What a row of the table of engines shows beyond measures: names of `perf_tui.measures.engines.DETAILS`; of a
    GPU, names of `perf_tui.measures.gpus.DETAILS`."""
