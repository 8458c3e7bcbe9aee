"""Each handler against the real thing, as far as it is on this machine: files, programs, servers on loopback."""

from __future__ import annotations

import json
import os
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from email import message_from_string
from pathlib import Path
from queue import Queue

import pytest
from fakes import Clock
from handler_play import P99, RULE, WALL, Server, alert, batch, line

from perf_tui.config.errors import ConfigError
from perf_tui.config.load import parse
from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.model import Alert, Change, Level, Rule, State
from perf_tui.engine.engine import Engine
from perf_tui.engine.source import SourceDenied, SourceError
from perf_tui.handlers import build, dispatch
from perf_tui.handlers.build import dispatcher
from perf_tui.handlers.dispatch import MOST_WAITING, TOGETHER, Dispatcher
from perf_tui.handlers.handler import Batch, Handler
from perf_tui.handlers.local import Command, JsonLines
from perf_tui.handlers.mail import Mail
from perf_tui.handlers.web import RESEND, Alertmanager, Heartbeat, Webhook
from perf_tui.handlers.words import sentence
from perf_tui.measures.model import Status
from perf_tui.sources.fake import FakeSource
from perf_tui.sources.scrape.credentials import Credentials

NOBODY = Credentials()
SOON = 10.0


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


class TestFile:
    def test_a_line_of_json_for_each_change(self, tmp_path: Path) -> None:
        path = tmp_path / "alerts.jsonl"
        handler = JsonLines("log", str(path))
        handler.deliver(batch(line()))
        handler.deliver(batch(line(Change.CLEARED), more=37))
        first, second, more = map(json.loads, path.read_text().splitlines())
        assert (first["change"], first["rule"], first["level"], first["value"]) == ("raised", "slow", "critical", 1.9)
        assert (first["labels"], first["threshold"]) == ({"service": "checkout", "stat": "p99"}, 0.5)
        assert first["why"] == "before it: waiting vllm 0 → 37"
        assert first["since"] == "2023-11-14T22:13:20.000Z"
        assert (second["change"], more["more"]) == ("cleared", 37)

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            JsonLines("log", str(tmp_path / "no" / "x")).deliver(batch(line()))


class TestCommand:
    def test_the_values_are_in_the_environment_and_no_shell_sees_them(self, tmp_path: Path) -> None:
        out = tmp_path / "out"
        script = "import json,os,sys; json.dump([sys.argv[1:], dict(os.environ)], open(sys.argv[1], 'w'))"
        hostile = Rule("$(touch x); `y`\x00\n", P99.id, ((Level.CRITICAL, 0.5),), message="'\"")
        Command("run", [sys.executable, "-c", script, str(out), "$HOME"], SOON).deliver(
            batch(line(rule=hostile), more=3)
        )
        arguments, environment = json.loads(out.read_text())
        assert arguments == [str(out), "$HOME"]
        assert environment["PERF_TUI_ALERT_RULE"].startswith("$(touch x); `y`")
        assert environment["PERF_TUI_ALERT_RULE"].isprintable()
        assert environment["PERF_TUI_ALERT_VALUE"] == "1.9"
        assert environment["PERF_TUI_ALERT_MORE"] == "3"
        assert json.loads(environment["PERF_TUI_ALERT_LABELS"])["service"] == "checkout"

    def test_one_that_takes_too_long_is_ended_with_its_children(self, tmp_path: Path) -> None:
        pid = tmp_path / "pid"
        script = "import os,sys,time; open(sys.argv[1],'w').write(str(os.fork() or os.getpid())); time.sleep(60)"
        with pytest.raises(SourceError, match=r"did not end within 1 s"):
            Command("slow", [sys.executable, "-c", script, str(pid)], 1.0).deliver(batch(line()))
        child, deadline = int(pid.read_text()), time.monotonic() + SOON
        while time.monotonic() < deadline and _runs(child):
            time.sleep(0.01)
        assert not _runs(child)

    def test_one_that_fails_and_one_that_is_not_there(self) -> None:
        with pytest.raises(SourceError, match="false ended with 1"):
            Command("x", ["false"], SOON).deliver(batch(line()))
        with pytest.raises(FileNotFoundError):
            Command("x", ["/no/such/program"], SOON).deliver(batch(line()))


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class TestWeb:
    def test_a_webhook_posts_what_alertmanager_posts(self, server: Server) -> None:
        os.environ["TOKEN_X"] = "secret"
        try:
            credentials = Credentials(bearer_token_env="TOKEN_X")
            Webhook("chat", server.url + "/hook?x=1", credentials, SOON).deliver(batch(line(), line(Change.CLEARED)))
        finally:
            del os.environ["TOKEN_X"]
        method, path, headers, body = server.asked.get(timeout=SOON)
        assert (method, path, headers["Authorization"]) == ("POST", "/hook?x=1", "Bearer secret")
        assert (body["version"], body["status"], len(body["alerts"])) == ("4", "firing", 2)
        firing, resolved = body["alerts"]
        assert firing["labels"] == {
            "alertname": "slow", "service": "checkout", "stat": "p99", "severity": "critical",
            "metric": "app.request.duration", "instance": "web-1",
        }  # fmt: skip
        assert (firing["status"], firing["startsAt"]) == ("firing", "2023-11-14T22:13:20.000Z")
        assert firing["annotations"]["why"] == "before it: waiting vllm 0 → 37"
        assert (resolved["status"], resolved["endsAt"]) == ("resolved", "2023-11-14T22:14:20.000Z")
        assert firing["fingerprint"] == resolved["fingerprint"]

    @pytest.mark.parametrize("code", [302, 404, 500])
    def test_an_answer_that_is_no_success(self, server: Server, code: int) -> None:
        server.answers = [(code, {"Location": server.url + "/other"})]
        with pytest.raises(SourceError, match=f"it answered {code}"):
            Webhook("chat", server.url, NOBODY, SOON).deliver(batch(line()))
        assert server.asked.qsize() == 1, "no redirect is followed"

    def test_a_peer_that_drips_is_left(self, server: Server) -> None:
        server.answers = [(0, {})]
        with pytest.raises((SourceError, OSError)):
            Webhook("chat", server.url, NOBODY, 0.5).deliver(batch(line()))

    def test_a_secret_that_is_not_there(self, server: Server) -> None:
        with pytest.raises(SourceDenied, match="the environment variable NO_SUCH_VARIABLE is not set"):
            Webhook("chat", server.url, Credentials(bearer_token_env="NO_SUCH_VARIABLE"), SOON).deliver(batch(line()))

    def test_an_alertmanager_is_told_what_fires_and_what_has_ended(self, server: Server) -> None:
        handler = Alertmanager("am", server.url + "/prefix/", NOBODY, SOON)
        handler.deliver(batch(active=(alert(),)))
        _, path, _, (told,) = server.asked.get(timeout=SOON)
        assert path == "/prefix/api/v2/alerts"
        assert (told["labels"]["severity"], told["endsAt"]) == ("critical", "2023-11-14T22:17:20.000Z")
        handler.deliver(batch(line(Change.LOWERED, Level.WARNING), active=(alert(Level.WARNING),)))
        _, _, _, told = server.asked.get(timeout=SOON)
        assert [(each["labels"]["severity"], each["endsAt"][11:19]) for each in told] == [
            ("warning", "22:17:20"), ("critical", "22:14:20"),
        ]  # fmt: skip
        handler.deliver(batch())
        assert server.asked.empty()

    def test_a_heartbeat(self, server: Server) -> None:
        Heartbeat("alive", server.url + "/ping", NOBODY, SOON, 60.0).deliver(batch())
        assert server.asked.get(timeout=SOON)[:2] == ("GET", "/ping")


class TestMail:
    def test_a_message_for_all_that_changed(self) -> None:
        got: Queue[str] = Queue()

        class Session(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 here\r\n")
                while command := self.rfile.readline():
                    word = command[:4].upper()
                    if word == b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        data = b""
                        while not data.endswith(b"\r\n.\r\n"):
                            data += self.rfile.readline()
                        got.put(data.decode())
                    self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 well\r\n")
                    if word == b"QUIT":
                        return

        with socketserver.TCPServer(("127.0.0.1", 0), Session) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
            thread.start()
            Mail(
                "mail", f"127.0.0.1:{server.server_address[1]}", "a@x.org", ["b@x.org", "c@x.org"], NOBODY, SOON
            ).deliver(batch(line(), more=2))
            server.shutdown()
            thread.join()
        message = message_from_string(got.get(timeout=SOON))
        assert message["To"] == "b@x.org, c@x.org"
        assert "raised critical" in str(message["Subject"]).replace("\n", "")
        body = message.get_payload(decode=True)
        assert isinstance(body, bytes)
        assert "+2 more" in body.decode()


def test_a_sentence_is_safe_and_says_all() -> None:
    hostile = Rule("x\x1b[31m", P99.id, ((Level.CRITICAL, 0.5),), message="a\nb")
    assert sentence(line()).startswith("raised critical: slow · latency checkout p99 1.90s (limit 500ms) · Checkout is")
    assert sentence(line(rule=hostile)).isprintable()


class Recorder(Handler):
    """Remembers its batches; may be made to fail or to hang."""

    kind = "recorder"

    def __init__(self, name: str = "recorder", failures: int = 0, every: float | None = None) -> None:
        self.name, self.every, self.failures = name, every, failures
        self.got: Queue[Batch] = Queue()
        self.go_on = threading.Event()
        self.go_on.set()

    def deliver(self, batch: Batch) -> None:
        self.go_on.wait(SOON)
        if self.failures:
            self.failures -= 1
            raise SourceError("not now")
        self.got.put(batch)


class TestDispatcher:
    def test_the_first_goes_at_once_what_follows_goes_together(self) -> None:
        handler = Recorder()
        post = Dispatcher([handler], "web-1")
        post.tick([line()], [], 0.0, WALL)
        assert handler.got.get(timeout=SOON).lines == (line(),)
        post.tick([line(Change.ESCALATED)], [], 2.0, WALL)
        post.tick([line(Change.CLEARED), line(quiet="storm"), line(quiet="silenced")], [], 4.0, WALL)
        assert handler.got.empty()
        post.tick([], [], TOGETHER, WALL)
        got = handler.got.get(timeout=SOON)
        assert ([each.change for each in got.lines], got.more) == ([Change.ESCALATED, Change.CLEARED], 1)
        post.close()

    def test_levels_and_states_that_do_not_concern_a_handler(self) -> None:
        handler = Recorder()
        handler.least = Level.CRITICAL
        post = Dispatcher([handler], "web-1")
        active: list[Alert] = [
            alert(Level.WARNING),
            alert(),
            alert(state=State.SILENCED),
            alert(state=State.ACKNOWLEDGED),
        ]
        post.tick([line(level=Level.WARNING)], active, 0.0, WALL)
        post.tick([line()], active, 10.0, WALL)
        got = handler.got.get(timeout=SOON)
        assert (len(got.lines), got.active) == (1, (alert(),))
        post.close()

    def test_what_fails_is_said_and_tried_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dispatch, "FIRST_PAUSE", 0.01)
        handler = Recorder("page", failures=2)
        post = Dispatcher([handler], "web-1")
        handler.go_on.clear()
        post.tick([line()], [], 0.0, WALL)
        handler.go_on.set()
        assert handler.got.get(timeout=SOON).lines == (line(),)
        post.close()
        assert post.troubles() == ()

    def test_one_that_gives_up_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dispatch, "FIRST_PAUSE", 0.0)
        handler = Recorder("page", failures=100)
        post = Dispatcher([handler], "web-1")
        post.tick([line()], [], 0.0, WALL)
        post.close()
        (trouble,) = post.troubles()
        assert (trouble.name, trouble.kind, trouble.status) == ("handler page", "handler", Status.ERROR)
        assert trouble.error == "not now"

    def test_one_that_hangs_delays_nobody_and_its_queue_is_bounded(self) -> None:
        hung, well = Recorder("hung"), Recorder("well")
        hung.go_on.clear()
        post = Dispatcher([hung, well], "web-1")
        for tick in range(MOST_WAITING + 50):
            post.tick([line()], [], tick * TOGETHER, WALL)
            assert well.got.get(timeout=SOON).lines
        assert len(post._posts[0]._queue) == MOST_WAITING
        hung.go_on.set()
        post.close()

    def test_what_tells_what_is_is_called_from_time_to_time(self) -> None:
        handler = Recorder(every=RESEND)
        post = Dispatcher([handler], "web-1")
        for at in (0.0, 2.0, RESEND, RESEND + 2.0):
            post.tick([], [alert()], at, WALL + at)
            if at in (0.0, RESEND):
                assert handler.got.get(timeout=SOON).wall == WALL + at
        assert handler.got.empty()
        post.close()

    async def test_with_the_engine(self, clock: Clock, tmp_path: Path) -> None:
        path = tmp_path / "alerts.jsonl"
        config = parse({"handlers": [{"name": "log", "kind": "file", "path": str(path)}]}, "x")
        cpu = P99._replace(labels=())
        engine = Engine(
            [FakeSource(lambda n: {cpu: 1.9})], AlertEngine([RULE]), 2.0, outlet=dispatcher(config), monotonic=clock,
            wall=clock.wall, host="test",
        )  # fmt: skip
        await engine.run(1)
        assert json.loads(path.read_text())["rule"] == "slow"


BAD = [
    ({"kind": "file"}, "handlers[0]: a handler of kind file needs path"),
    ({"kind": "syslog", "url": "http://x/"}, "handlers[0].url: it is of use to handlers of kind webhook or"),
    ({"kind": "email", "server": "x:y", "from": "a", "to": ["b"]}, "handlers[0].server: 'x:y' is no host and port"),
    ({"kind": "email", "server": "x", "to": ["b"]}, "handlers[0]: a handler of kind email needs from"),
    ({"kind": "webhook", "url": "http://u:hunter2@x/"}, "handlers[0].url: an address must not hold a user or password"),
    ({"kind": "webhook", "url": "http://x/", "username": "u"}, "handlers[0]: a user and a password belong together"),
    ({"kind": "apprise", "url": "http://x/"}, "handlers[0].url: it is of use to handlers of kind webhook or"),
    ({"kind": "apprise"}, "handlers[0]: a handler of kind apprise needs url_env or url_file: an address"),
    ({"kind": "apprise", "url_env": "A", "url_file": "b"}, "handlers[0].url_file: url_env is set already; a handler"),
    ({"kind": "heartbeat", "url": "http://x/", "every": "0s"}, "handlers[0].every: '0s' is not allowed; allowed: from"),
]


@pytest.mark.parametrize(("handler", "said"), BAD)
def test_what_is_wrong_is_said(handler: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse({"handlers": [{"name": "h", **handler}]}, "x")
    assert str(raised.value).startswith("x: " + said)


class TestServices:
    @pytest.fixture(autouse=True)
    def _there(self) -> None:
        pytest.importorskip("apprise", reason="Apprise is not installed (the extra `apprise`)")

    def services(self, monkeypatch: pytest.MonkeyPatch, *addresses: str) -> Handler:
        monkeypatch.setenv("SERVICES", "\n".join(addresses))
        config = parse({"handlers": [{"name": "phone", "kind": "apprise", "url_env": "SERVICES", "timeout": 5}]}, "x")
        return build._handler(config.handlers[0])

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_a_service_gets_a_title_all_lines_and_how_bad_it_is(
        self, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        address = server.url.replace("http://", "json://")
        handler = self.services(monkeypatch, f"{address}/one", f"{address}/two?method=POST")
        handler.deliver(batch(line(), line(Change.CLEARED), more=3))
        got = {path: body for _, path, _, body in (server.asked.get(timeout=SOON) for _ in range(2))}
        assert sorted(got) == ["/one", "/two"]
        assert got["/one"]["title"].startswith("[web-1] raised critical: slow · latency checkout p99 1.90s")
        assert got["/one"]["title"].endswith("(+2)")
        assert got["/one"]["message"].count("latency checkout p99") == 2
        assert got["/one"]["message"].strip().endswith("+3 more")
        assert got["/one"]["type"] == "failure"

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_what_is_not_taken_is_said_without_the_address(
        self, server: Server, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        server.answers = [(302, {"Location": server.url + "/elsewhere"})]
        handler = self.services(monkeypatch, server.url.replace("http://", "json://user:hunter2@"))
        with pytest.raises(SourceError, match=r"^a service did not take it$"):
            handler.deliver(batch(line()))
        assert server.asked.get(timeout=SOON)[1] == "/"
        assert server.asked.empty(), "no redirect is followed"
        with pytest.raises(SourceError, match=r"^address 1 of the environment variable SERVICES is none that Apprise"):
            self.services(monkeypatch, "no-service://hunter2").deliver(batch(line()))
        with pytest.raises(SourceDenied, match=r"^the environment variable SERVICES holds no address"):
            self.services(monkeypatch, " ").deliver(batch(line()))
        with pytest.raises(SourceDenied, match=r"^the environment variable SERVICES is not set"):
            self.services(monkeypatch).deliver(batch(line()))
        assert capfd.readouterr() == ("", ""), "it writes nothing on the terminal"

    def test_without_the_extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "apprise", None)
        with pytest.raises(SourceError, match=r"pip install perf-tui\[apprise\]"):
            self.services(monkeypatch, "json://127.0.0.1").deliver(batch(line()))


async def test_a_handler_that_fails_is_a_line_in_the_log_and_delays_nothing(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(dispatch, "ATTEMPTS", 10**6)
    handler = Recorder("pager")
    handler.go_on.clear()
    post = Dispatcher([handler], "web-1")
    engine = Engine(
        [FakeSource(lambda n: {P99._replace(labels=()): 1.9})], AlertEngine([RULE]), 2.0, outlet=post,
        monotonic=clock, wall=clock.wall, host="test",
    )  # fmt: skip

    async def changes_after_a_tick() -> list[tuple[Change, str]]:
        clock.advance(2.0)
        snapshot = await engine.tick()
        return [(each.change, each.rule.name) for each in snapshot.log]

    assert await changes_after_a_tick() == [(Change.RAISED, "slow")], "the tick does not wait for it"
    handler.failures = 10**9
    handler.go_on.set()
    while len(await changes_after_a_tick()) < 2:
        pass
    snapshot = engine.store.snapshot
    line = snapshot.log[-1]
    assert (line.change, line.rule.name, line.rule.message) == (Change.FAILED, "handler pager", "not now")
    await changes_after_a_tick()
    assert (engine.store.snapshot.get("self.handler.failures", handler="pager").number or 0) >= 1
    handler.failures = 0
    while len(await changes_after_a_tick()) < 3:
        pass
    assert engine.store.snapshot.log[-1].change is Change.CLEARED
    assert handler.got.get(timeout=SOON).lines, "it was delivered in the end, and the failure itself never"
    assert handler.got.empty()
    post.close()
