"""The JSON endpoints of each inference server, and what their answers say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from perf_tui.measures.engines import Slot
from perf_tui.sources.inference.reading import each, number, text, under
from perf_tui.sources.inference.told import Told, line

MOST_SLOTS = 512
"""Slots of one server that are shown."""


class Endpoint(NamedTuple):
    """One question. `tell` is given decoded JSON of any shape and never raises."""

    paths: tuple[str, ...]
    """Below the server's root; the first that is answered is asked from then on."""
    tell: Callable[[Any], Told]
    always: bool = False
    """With each scrape, as it tells what stands now; others tell settings and are asked now and then."""


def openai_models(answer: Any) -> Told:
    """`/v1/models`: how long a context may be. vLLM and its like serve one model, under several names at times."""
    limits = [limit for model in each(under(answer, "data")) if (limit := number(model, "max_model_len"))]
    return Told((line("probe:context_limit", max(limits)),)) if limits else Told()


def sglang_info(answer: Any) -> Told:
    """SGLang's `/server_info`: its settings, and what each data-parallel scheduler made of them."""
    lines = []
    if limit := number(answer, "context_length"):
        lines.append(line("probe:context_limit", limit))
    states = each(under(answer, "internal_states"))
    apiece = [most for state in states if (most := number(state, "effective_max_running_requests_per_dp"))]
    if most := sum(apiece) or number(answer, "max_running_requests"):
        lines.append(line("probe:max_batch", most))
    return Told(tuple(lines))


def tgi_info(answer: Any) -> Told:
    """TGI's `/info`: the model and its limits."""
    lines = []
    if name := text(answer, "model_id"):
        lines.append(line("probe:model_info", 1.0, model=name))
    if limit := number(answer, "max_total_tokens"):
        lines.append(line("probe:context_limit", limit))
    if most := number(answer, "max_batch_size"):
        lines.append(line("probe:max_batch", most))
    return Told(tuple(lines))


def llamacpp_props(answer: Any) -> Told:
    """llama.cpp's `/props`: the model's name, how many slots there are and how long their context is."""
    lines = []
    if name := text(answer, "model_alias") or text(answer, "model_path"):
        lines.append(
            line("probe:model_info", 1.0, model=name.replace("\\", "/").rpartition("/")[2].removesuffix(".gguf"))
        )
    if slots := number(answer, "total_slots"):
        lines.append(line("probe:max_batch", slots))
    if limit := number(under(answer, "default_generation_settings"), "n_ctx"):
        lines.append(line("probe:context_limit", limit))
    asleep = under(answer, "is_sleeping") is True
    return Told(tuple(lines), notices=("it sleeps: the next request wakes it",) if asleep else ())


def llamacpp_slots(answer: Any) -> Told:
    """llama.cpp's `/slots`: what each slot holds and has generated. Older builds do not tell what it holds."""
    slots = tuple(_slot(at, one) for at, one in enumerate(each(answer)[:MOST_SLOTS]))
    lines = []
    under_way = 0.0
    for slot in slots:
        busy = slot.state == "processing"
        if slot.limit:
            lines.append(line("probe:slot_context_limit", slot.limit, slot=slot.id))
        held = slot.used if busy else 0.0
        if held is not None:
            lines.append(line("probe:slot_context_held", held, slot=slot.id))
        if busy:
            under_way += slot.generated or 0.0
            if slot.share is not None:
                lines.append(line("probe:slot_context_share", slot.share, slot=slot.id))
    if slots:
        # there is one, though nobody may use it now
        lines.append("# TYPE probe:slot_context_share gauge")
        lines.append(line("probe:tokens_under_way", under_way))
    return Told(tuple(lines), slots)


def _slot(at: int, one: Any) -> Slot:
    token = under(one, "next_token")
    if isinstance(token, list):
        token = token[0] if token else None
    busy = under(one, "is_processing") is True
    remaining = number(token, "n_remain") if busy else None
    id = number(one, "id")
    return Slot(
        id=str(int(id) if id is not None else at),
        state="processing" if busy else "idle",
        used=number(one, "n_prompt_tokens"),  # the prompt and what was generated
        limit=number(one, "n_ctx"),
        generated=number(token, "n_decoded") if busy else None,
        remaining=remaining,
    )


ADAPTERS: dict[str, tuple[Endpoint, ...]] = {
    "openai": (Endpoint(("/v1/models",), openai_models),),
    "sglang": (
        Endpoint(("/server_info", "/get_server_info"), sglang_info),
        Endpoint(("/v1/models",), openai_models),
    ),
    "tgi": (Endpoint(("/info",), tgi_info),),
    "llamacpp": (Endpoint(("/slots",), llamacpp_slots, always=True), Endpoint(("/props",), llamacpp_props)),
}
"""By the name that a profile gives in `probe`."""
