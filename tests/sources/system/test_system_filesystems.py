"""File systems: which are shown, and what happens when one does not answer."""

from __future__ import annotations

import asyncio
import threading

import pytest
from fakes import Tree

from perf_tui.engine.source import Failure, SourceError
from perf_tui.measures.model import IDLE, Series, Status, Value, absent, series
from perf_tui.sources.system import filesystems as module
from perf_tui.sources.system.filesystems import MEASURES, Filesystems, Mount, Space, parse_mounts
from perf_tui.sources.system.host import Host


def paths(table: str) -> list[str]:
    return [mount.path for mount in parse_mounts(table)]


def test_what_is_worth_showing() -> None:
    table = """proc /proc proc rw 0 0
tmpfs /run tmpfs rw 0 0
/dev/sda2 / ext4 rw,relatime 0 0
/dev/sda1 /boot/efi vfat rw 0 0
/dev/sdb1 /data xfs rw 0 0
/dev/loop3 /snap/core/1 squashfs ro 0 0
pool/home /home zfs rw 0 0
server:/export /mnt/nfs nfs4 rw 0 0
//server/share /mnt/smb cifs rw 0 0
user@host: /mnt/ssh fuse.sshfs rw 0 0
bucket /mnt/bucket fuse.goofys rw 0 0
lxcfs /var/lib/lxcfs fuse.lxcfs rw 0 0
gvfsd-fuse /run/user/1000/gvfs fuse.gvfsd-fuse rw 0 0
cgroup2 /sys/fs/cgroup cgroup2 rw 0 0

broken
"""
    assert parse_mounts(table)[0] == Mount("/dev/sda2", "/", "ext4")
    assert paths(table) == [
        "/", "/boot/efi", "/data", "/home", "/mnt/nfs", "/mnt/smb", "/mnt/ssh", "/mnt/bucket",
    ]  # fmt: skip
    assert [mount.path for mount in parse_mounts(table) if mount.remote] == [
        "/mnt/nfs", "/mnt/smb", "/mnt/ssh", "/mnt/bucket",
    ]  # fmt: skip


def test_bind_mounts_and_subvolumes_are_shown_once_under_the_shortest_path() -> None:
    table = """/dev/sda2 /var/lib/docker ext4 rw 0 0
/dev/sda2 / ext4 rw 0 0
/dev/sda2 /srv/chroot/home ext4 rw 0 0
/dev/sdb /pool btrfs rw,subvol=/ 0 0
/dev/sdb /pool/home btrfs rw,subvol=/home 0 0
"""
    assert paths(table) == ["/", "/pool"]


def test_in_a_container_its_own_root_counts() -> None:
    table = """overlay / overlay rw,lowerdir=/a:/b,upperdir=/c,workdir=/d 0 0
/dev/sda2 /etc/hosts ext4 rw 0 0
/dev/sda2 /etc/hostname ext4 rw 0 0
/dev/sda2 /etc/resolv.conf ext4 rw 0 0
/dev/sdb1 /data ext4 rw 0 0
"""
    assert paths(table) == ["/", "/data"]


def test_on_a_machine_with_containers_their_roots_do_not_count() -> None:
    table = """/dev/sda2 / ext4 rw 0 0
overlay /var/lib/docker/overlay2/aa/merged overlay rw 0 0
overlay /var/lib/docker/overlay2/bb/merged overlay rw 0 0
"""
    assert paths(table) == ["/"]


@pytest.mark.parametrize("kind", ["tmpfs", "9p", "squashfs", "erofs", "nfs4", "overlay", "somethingnew"])
def test_the_root_counts_whatever_it_is(kind: str) -> None:
    assert paths(f"rootfs / rootfs rw 0 0\nroot / {kind} rw 0 0\n") == ["/"]


def test_octal_escapes_and_every_script() -> None:
    table = (
        "/dev/sda1 /mnt/my\\040disk ext4 rw 0 0\n"
        "/dev/sdb1 /mnt/tab\\011new\\012line\\134back\\043hash ext4 rw 0 0\n"
        "/dev/sdc1 /mnt/données ext4 rw 0 0\n"
        "/dev/sdd1 /mnt/磁盘\U0001f4be ext4 rw 0 0\n"
        "/dev/sde1 /mnt/odd\x85\u2028line ext4 rw 0 0\n"
        "/dev/sdf1 /mnt/\udcff ext4 rw 0 0\n"
    )
    assert paths(table) == [
        "/mnt/my disk", "/mnt/tab\tnew\nline\\back#hash", "/mnt/données", "/mnt/磁盘\U0001f4be",
        "/mnt/odd\x85\u2028line", "/mnt/\udcff",
    ]  # fmt: skip


SPACES = {"/": Space(1000.0, 600.0, 300.0), "/mnt/a": Space(100.0, 50.0, 50.0), "/mnt/b": Space(10.0, 1.0, 9.0)}
TABLE = "/dev/sda / ext4 rw 0 0\nserver:/a /mnt/a nfs rw 0 0\nserver:/b /mnt/b nfs4 rw 0 0\n"


class Answers:
    """Stands for `space`: answers from a table, raises, or hangs until it is released."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, Space | OSError] = dict(SPACES)
        self.hanging: dict[str, threading.Event] = {}
        self.asked: list[str] = []
        monkeypatch.setattr(module, "space", self)

    def __call__(self, path: str) -> Space:
        self.asked.append(path)
        if path in self.hanging:
            self.hanging[path].wait()
        answer = self.answers[path]
        if isinstance(answer, OSError):
            raise answer
        return answer

    def hang(self, path: str) -> None:
        self.hanging[path] = threading.Event()

    def release(self, path: str) -> None:
        self.hanging.pop(path).set()


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    return Answers(monkeypatch)


async def given(source: Filesystems, at: float) -> dict[Series, Value]:
    return dict(source.derive(await source.read(), at).samples)


async def answered(source: Filesystems, mount: str) -> dict[Series, Value]:
    """The first values of a good answer: a thread may take longer than a test's patience to give it."""
    for _ in range(1000):
        values = await given(source, 1.0)
        if values[of(mount)[0]].number is not None:
            return values
    raise AssertionError(f"{mount} never answered")


def of(mount: str) -> tuple[Series, Series, Series]:
    used, total, full = (series(id, mount=mount) for id in MEASURES)
    return used, total, full


async def test_space_as_df_counts_it(tree: Tree, answers: Answers) -> None:
    tree.write("proc/self/mounts", TABLE)
    source = Filesystems(Host(tree.proc))
    values = await given(source, 1.0)
    used, total, full = of("/")
    assert (values[used], values[total], values[full]) == (Value(600.0), Value(1000.0), Value(600 / 900))
    assert values[of("/mnt/a")[2]] == Value(0.5)
    assert len(values) == 9
    await source.close()


async def test_a_dead_server_hangs_only_its_own_mount(
    tree: Tree, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    tree.write("proc/self/mounts", TABLE)
    source = Filesystems(Host(tree.proc))
    answers.hang("/mnt/a")
    first = await answered(source, "/mnt/b")
    assert first[of("/mnt/a")[0]] == Value(None, Status.ERROR, "the file system does not answer")
    assert first[of("/")[0]].number == 600.0
    assert first[of("/mnt/b")[0]].number == 1.0
    asked = answers.asked.count("/mnt/a")
    assert (await given(source, 11.0))[of("/mnt/a")[0]].number is None
    assert answers.asked.count("/mnt/a") == asked, "it is not asked again before it has answered"
    answers.release("/mnt/a")
    assert (await answered(source, "/mnt/a"))[of("/mnt/a")[1]] == Value(100.0)
    await source.close()


async def test_a_server_that_dies_later_leaves_its_last_numbers(
    tree: Tree, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    tree.write("proc/self/mounts", TABLE)
    source = Filesystems(Host(tree.proc))
    await answered(source, "/mnt/a")
    answers.hang("/mnt/a")
    stale = (await given(source, 11.0))[of("/mnt/a")[0]]
    assert stale == Value(50.0, Status.STALE, "the file system does not answer", 1.0)
    answers.release("/mnt/a")
    await source.close()


async def test_a_closed_source_does_not_pile_up_calls_on_a_dead_server(
    tree: Tree, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    tree.write("proc/self/mounts", TABLE)
    source = Filesystems(Host(tree.proc))
    answers.hang("/mnt/a")
    await source.read()
    await source.close()
    await source.read()
    assert answers.asked.count("/mnt/a") == 1
    answers.release("/mnt/a")
    await source.close()


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (PermissionError(13, "Denied", "/mnt/a"), Status.DENIED, "no permission to read /mnt/a; root has it"),
        (OSError(116, "Stale file handle", "/mnt/a"), Status.ERROR, "/mnt/a: Stale file handle"),
    ],
)
async def test_one_that_cannot_be_read_says_why(
    tree: Tree, answers: Answers, error: OSError, status: Status, reason: str
) -> None:
    tree.write("proc/self/mounts", TABLE)
    answers.answers["/mnt/a"] = error
    source = Filesystems(Host(tree.proc))
    values = await given(source, 1.0)
    assert values[of("/mnt/a")[2]] == Value(None, status, reason)
    await source.close()


async def test_one_that_is_unmounted_disappears(tree: Tree, answers: Answers) -> None:
    tree.write("proc/self/mounts", TABLE)
    source = Filesystems(Host(tree.proc))
    await source.read()
    answers.answers["/mnt/a"] = FileNotFoundError(2, "No such file", "/mnt/a")  # between the table and the question
    assert not [key for key in await given(source, 2.0) if key.label("mount") == "/mnt/a"]
    tree.write("proc/self/mounts", TABLE.splitlines()[0] + "\n")
    assert {key.label("mount") for key in await given(source, 3.0)} == {"/"}
    assert source._remote == {}
    await source.close()


def test_without_space_there_is_nothing_to_show() -> None:
    source = Filesystems(Host())
    (*values,) = source.derive({"/": Space(0.0, 0.0, 0.0)}, 1.0).samples
    assert [value for _, value in values] == [absent("no file system with space is mounted here")] * 3
    assert {key.id for key, _ in values} == set(MEASURES)


def test_a_full_system_of_reserved_blocks_only() -> None:
    values = dict(Filesystems(Host()).derive({"/": Space(10.0, 0.0, 0.0)}, 1.0).samples)
    assert values[of("/")[2]] == IDLE


def test_hostile_paths_are_spelled_out() -> None:
    values = dict(Filesystems(Host()).derive({"/mnt/\x1b[2J\udcff": Failure(Status.ERROR, "x")}, 1.0).samples)
    assert values.keys() == set(of(r"/mnt/\x1b[2J\xff"))


async def test_a_local_disk_that_hangs_fails_the_source_and_is_not_asked_again(tree: Tree, answers: Answers) -> None:
    tree.write("proc/self/mounts", TABLE.splitlines()[0] + "\n")
    source = Filesystems(Host(tree.proc))
    answers.hang("/")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await source.read()
    await source.close()
    with pytest.raises(SourceError, match="has not returned"):
        await source.read()
    answers.release("/")


async def test_elsewhere_psutil_lists_mounts(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINUX", False)
    source = Filesystems(Host(tree.proc))
    assert isinstance(await source.read(), dict)
    await source.close()
