"""Answers that stand where metrics are expected: JSON that can be read as such, and what an error hides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from perf_tui.engine.source import SourceError
from perf_tui.sources.inference.adapters import MOST_SLOTS
from perf_tui.sources.inference.probes import SHORT, beside, root
from perf_tui.sources.inference.reading import decoded, each, number, text, under
from perf_tui.sources.inference.told import Told, line
from perf_tui.sources.scrape.fetch import Fetcher, Response, TargetOptions

_LOADED = "/api/ps"


def as_metrics(url_path: str, response: Response) -> Response:
    """Ollama's list of loaded models as metrics in text; any other answer as it is."""
    if response.status != 200 or not url_path.endswith(_LOADED):
        return response
    answer = decoded(response.body)
    if not isinstance(under(answer, "models"), list):
        return response
    body = ollama(answer).text.encode("utf-8", "surrogatepass")
    return replace(response, content_type="text/plain; version=0.0.4", body=body)


def ollama(answer: Any) -> Told:
    """`/api/ps`: the models that are in memory now."""
    models = each(under(answer, "models"))[:MOST_SLOTS]
    lines = [line("ollama:models_loaded", float(len(models)))]
    for model in models:
        name = text(model, "model") or text(model, "name")
        lines.append(line("ollama:model_loaded", 1.0, model=name))
        for series, key in (("context_length", "context_length"), ("size_bytes", "size"), ("vram_bytes", "size_vram")):
            if (amount := number(model, key)) is not None:
                lines.append(line(f"ollama:model_{series}", amount, model=name))
    return Told(tuple(lines))


async def switched_off(fetcher: Fetcher, options: TargetOptions, status: int) -> str | None:
    """Why a server has no metrics where they are expected, with what switches them on; None where it is not known."""
    if status not in (404, 501, 503):
        return None
    where = root(options.url, ("/metrics",))

    async def ask(path: str) -> Any:
        question = replace(options, url=beside(where, path), timeout=min(options.timeout, SHORT), max_body=1 << 20)
        try:
            return decoded((await fetcher.request(question)).body)
        except SourceError:
            return None

    if status == 503:
        message = text(under(await ask("/health"), "error"), "message")
        return "llama.cpp is loading its model" if message == "Loading model" else None
    if number(await ask("/props"), "total_slots") is not None:
        return "llama.cpp runs here with its metrics off: --metrics switches them on"
    if text(await ask("/get_model_info"), "model_path"):
        return "SGLang runs here with its metrics off: --enable-metrics switches them on"
    owners = {text(model, "owned_by") for model in each(under(await ask("/v1/models"), "data"))}
    if "lmdeploy" in owners:
        return "LMDeploy runs here with its metrics off: --enable-metrics switches them on"
    return None
