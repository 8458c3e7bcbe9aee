"""Names of people, prompts, answers and arguments of tools: nothing of them stays."""

from __future__ import annotations

import gc
import json
import time
from types import FunctionType, ModuleType
from typing import Any

from otlp_play import DELTA, Play, any_value, as_json, attributes, counter, logs, metrics, number

from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.engine import Engine
from perf_tui.engine.workers.board import Board
from perf_tui.export.formats import FORMATS, PICTURE, render
from perf_tui.sources.otlp.source import Options, OtlpSource

SECRET = "Zq7-hunter2"
PEOPLE = {
    "user.id": f"{SECRET}-id",
    "user.email": f"{SECRET}@example.org",
    "user.account_uuid": f"{SECRET}-account",
    "user.account_id": f"{SECRET}-account",
    "organization.id": f"{SECRET}-organisation",
    "installation.id": f"{SECRET}-installation",
    "enduser.id": f"{SECRET}-end",
}
CONTENT = {
    "prompt": f"tell {SECRET}",
    "response": SECRET,
    "tool_input": SECRET,
    "tool_parameters": json.dumps({"command": f"echo {SECRET}"}),
    "arguments": SECRET,
    "output": SECRET,
    "function_args": SECRET,
    "request_text": SECRET,
    "response_text": SECRET,
    "gen_ai.input.messages": SECRET,
    "gen_ai.output.messages": SECRET,
    "gen_ai.system_instructions": SECRET,
    "gen_ai.tool.call.arguments": SECRET,
    "gen_ai.tool.call.result": SECRET,
    "gen_ai.evaluation.explanation": SECRET,
    "tool_name": "Bash",
    "error": f"no mail to {SECRET}@example.org with key sk-{SECRET}1234567890",
}
SENDER = {
    "service.name": "claude-code",
    "process.command_args": ["claude", "-p", SECRET],
    "process.owner": SECRET,
    **PEOPLE,
}


def fill(play: Play) -> None:
    """Everything that agents send, with secrets in every place where they have some."""
    session = {"session.id": "s1", "model": "claude-x", **PEOPLE, **CONTENT}
    names = ("user_prompt", "api_request", "api_error", "tool_decision", "tool_result", "assistant_response")
    request = logs(SENDER, *({"event.name": name} | session for name in names))
    for record in request.resource_logs[0].scope_logs[0].log_records:
        record.body.CopyFrom(any_value(f"the body says {SECRET}"))
    evaluation = {"event.name": "gen_ai.evaluation.result", "gen_ai.evaluation.name": "right"} | session
    request.resource_logs[0].scope_logs[0].log_records.add(
        attributes=attributes(evaluation | {"gen_ai.evaluation.score.value": 0.5})
    )
    play.push(request)
    play.push(json.dumps(as_json(request)).encode(), "logs")
    point = number({"type": "output"} | session, 5)
    point.exemplars.add(filtered_attributes=attributes(PEOPLE), as_int=1)
    play.push(metrics(SENDER, counter("claude_code.token.usage", [point], DELTA)))


def reachable(root: object) -> list[str]:
    """All text that can be reached from an object."""
    seen: set[int] = set()
    texts: list[str] = []
    waiting: list[Any] = [root]
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, (type, ModuleType, FunctionType)):
            continue
        seen.add(id(each))
        if isinstance(each, (str, bytes)):
            texts.append(each if isinstance(each, str) else each.decode("latin-1"))
        else:
            waiting += gc.get_referents(each)
    return texts


async def test_nothing_of_it_is_exported() -> None:
    source = OtlpSource(Options("127.0.0.1", 0))
    play = Play(time.time())
    play.at, play.intake = time.monotonic(), source.intake
    fill(play)
    engine = Engine([source], AlertEngine([]), 2.0, stages=[Board(())])
    await engine.run(ticks=2)
    texts = {name: render(engine.store.snapshot, name) for name in FORMATS if name != PICTURE}
    assert "claude s1" in texts["json"]
    assert "claude s1" in texts["html"]
    assert [name for name, text in texts.items() if SECRET in text] == []


def test_nothing_of_it_stays() -> None:
    play = Play()
    fill(play)
    derived = play.derive()
    assert play.workers()["claude s1"].events
    texts = reachable(play.intake) + reachable(derived)
    assert "claude-x" in texts
    assert [text for text in texts if SECRET in text] == []


def test_names_of_people_stay_where_that_is_switched_on() -> None:
    play = Play(personal=True)
    fill(play)
    facts = dict(play.workers()["claude s1"].facts)
    assert facts["user.email"] == PEOPLE["user.email"]
    assert facts["organization.id"] == PEOPLE["organization.id"]
    texts = [text for text in reachable(play.intake) if SECRET in text]
    assert all(any(text == value for value in PEOPLE.values()) for text in texts), texts


def test_errors_are_told_without_addresses_and_keys() -> None:
    play = Play()
    fill(play)
    told = [event.words for event in play.workers()["claude s1"].events if event.error]
    assert "api_error no mail to … with key …" in told
