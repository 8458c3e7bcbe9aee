"""What a process is, by its command line."""

from __future__ import annotations

import re

import pytest

from perf_tui.sources.workers.kinds import Pattern, Program, Recogniser, program_of

SPAWNED = (
    "/venv/bin/python -c from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7) "
    "--multiprocessing-fork"
)


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser()


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("/venv/bin/python /venv/bin/gunicorn -w 4 app:app", "gunicorn"),
        ("gunicorn: worker [app:app]", "gunicorn"),
        ("gunicorn: master [app:app]", "gunicorn"),
        ("python3.11 -m gunicorn app:app", "gunicorn"),
        ("/usr/bin/python3 /usr/local/bin/uvicorn app:app --workers 4", "uvicorn"),
        ("python -X dev -m uvicorn app:app", "uvicorn"),
        ("/venv/bin/python /venv/bin/granian --interface asgi app:app", "granian"),
        ("/venv/bin/python /venv/bin/celery -A proj worker -c 4 -E", "celery"),
        ("/venv/bin/python -m celery -A proj worker", "celery"),
        ("[celeryd: w1@web-1:MainProcess] -active- (worker -c 2)", "celery"),
        ("[celeryd: w1@web-1:ForkPoolWorker-1]", "celery"),
        ("/venv/bin/python /venv/bin/celery -A proj beat", None),
        ("/venv/bin/python /venv/bin/celery -A proj flower --port=5555", None),
        ("/venv/bin/python /venv/bin/rq worker high default", "rq"),
        ("rq:worker:a1b2: Listening on default...", "rq"),
        ("/venv/bin/python /venv/bin/rq worker-pool -n 3", "rq"),
        ("/venv/bin/python /venv/bin/rq info", None),
        ("/venv/bin/python /venv/bin/rqworker", "rq"),
        ("/venv/bin/python /venv/bin/dramatiq tasks --processes 4", "dramatiq"),
        ("/venv/bin/python /venv/bin/arq tasks.WorkerSettings", "arq"),
        ("ray::IDLE", "ray"),
        ("ray::Model.predict()", "ray"),
        ("/opt/ray/raylet --raylet_socket_name=x", None),
        ("/venv/bin/python /venv/bin/vllm serve some/model --port 8000", "vllm"),
        ("/venv/bin/python /venv/bin/vllm bench latency", None),
        ("VLLM::EngineCore", "vllm"),
        ("VLLM::Worker_TP0", "vllm"),
        ("python3 -m vllm.entrypoints.openai.api_server --model m", "vllm"),
        ("sglang::scheduler_TP0", "sglang"),
        ("python3 -m sglang.launch_server --model-path m", "sglang"),
        ("/venv/bin/python /venv/bin/torchrun --nproc-per-node 8 train.py", "torch"),
        ("python3 -m torch.distributed.run train.py", "torch"),
        ("/usr/local/bin/llama-server -m model.gguf --port 8080", "llama.cpp"),
        ("/usr/local/bin/ollama runner --model x", "ollama"),
        ("ollama list", None),
        ("claude", "claude"),
        ("claude --continue", "claude"),
        ("node /usr/lib/node_modules/@anthropic-ai/claude-code/cli.js -p x", "claude"),
        ("/opt/Claude/claude --type=renderer", None),
        ("node /usr/local/bin/codex", "codex"),
        ("/usr/lib/node_modules/@openai/codex/vendor/x86_64/codex/codex exec", "codex"),
        ("node --no-warnings=DEP0040 /usr/local/bin/gemini", "gemini"),
        ("/root/.opencode/bin/opencode", "opencode"),
        ("/bin/bash -c celery -A proj worker", None),
        ("sudo -u app celery -A proj worker", None),
        ("grep gunicorn", None),
        ("vim gunicorn.conf.py", None),
        ("tail -f uvicorn.log", None),
        ("[kworker/0:1-events]", None),
        (SPAWNED, None),
        ("python -c print('celery worker')", None),
        ("python", None),
        ("python -m", None),
        ("", None),
    ],
)
def test_command_lines(recogniser: Recogniser, command: str, kind: str | None) -> None:
    tag = recogniser.tag(command)
    assert (tag.kind if tag else None) == kind


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("/usr/bin/thing.py a b", Program("thing", "/usr/bin/thing.py", "a b")),
        ("python3.12 -W ignore -u /x/run.py --fast", Program("run", "/x/run.py", "--fast")),
        ("python -m a.b c", Program("a.b", "a.b", "c")),
        ("node -r ./hook.js server.mjs", Program("server", "server.mjs", "")),
        ("python -c import os", Program("", "", "-c import os")),
    ],
)
def test_programs(command: str, program: Program) -> None:
    assert program_of(command) == program


def test_a_group_gives_a_name_and_the_kind_stays_what_it_is() -> None:
    recogniser = Recogniser([Pattern("mail", re.compile("celery .* worker"), None, "/var/log/mail.log")])
    tag = recogniser.tag("/venv/bin/python /venv/bin/celery -A mail worker")
    assert tag is not None
    assert (tag.kind, tag.group, tag.unit, tag.log) == ("celery", "mail", "top", "/var/log/mail.log")
    tag = recogniser.tag("./thing celery x worker")
    assert tag is not None
    assert (tag.kind, tag.group, tag.unit) == ("mail", "mail", "top")


def test_without_recognition_only_groups_count() -> None:
    recogniser = Recogniser([Pattern("mail", re.compile("mail"))], everything=False)
    assert recogniser.tag("gunicorn app:app") is None
    assert recogniser.tag("gunicorn mail:app") is not None


def test_command_lines_that_are_gone_are_forgotten(recogniser: Recogniser) -> None:
    first = recogniser.tag("celery worker")
    recogniser.turn()
    assert recogniser.tag("celery worker") is first
    recogniser.turn()
    recogniser.turn()
    assert recogniser.tag("celery worker") is not first
