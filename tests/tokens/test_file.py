"""Tokens in a file: private, whole, and locked among processes."""

import asyncio
import errno
import logging
import multiprocessing
import os
import subprocess
import sys
import time

import pytest

from sage200_async.errors import TokenStoreError
from sage200_async.tokens import Tokens
from sage200_async.tokens import file as module
from sage200_async.tokens.file import FileStore

posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
mortal = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="nothing is forbidden to root"
)
TOKENS = Tokens("hush-access", "hush-refresh", 2.0, 1.0, 3.0, 4.0, 5.0)


def mode(path):
    return path.stat().st_mode & 0o777


def test_a_round_trip(tmp_path):
    """Every field comes back; cleared tokens are gone, and clearing again is fine."""

    async def main():
        store = FileStore(tmp_path / "tokens.json")
        assert await store.load() is None
        await store.save(TOKENS)
        assert await FileStore(tmp_path / "tokens.json").load() == TOKENS
        await store.clear()
        await store.clear()
        assert await store.load() is None

    asyncio.run(main())


def test_fields_of_a_later_version_are_ignored(tmp_path):
    """A file that a later version wrote can still be read."""
    path = tmp_path / "tokens.json"
    path.write_text('{"access_token": "hush", "colour": "blue"}')
    assert asyncio.run(FileStore(path).load()) == Tokens("hush")


@posix
def test_only_the_owner_can_read(tmp_path, monkeypatch):
    """File, lock and folder are private at any moment, whatever the umask."""
    path = tmp_path / "new" / "tokens.json"
    seen = []
    fsync = os.fsync

    def look(handle):
        seen.append(os.fstat(handle).st_mode & 0o777)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", look)
    before = os.umask(0)
    try:

        async def main():
            store = FileStore(path)
            async with store.lock():
                await store.save(TOKENS)

        asyncio.run(main())
    finally:
        os.umask(before)
    assert seen == [0o600, 0o700]
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    for each in path.parent.iterdir():
        assert mode(each) == 0o600


@posix
def test_a_file_that_others_can_read_is_warned_of(tmp_path, caplog):
    """Tokens that others can read are used, with a warning that shows no token."""
    path = tmp_path / "tokens.json"
    asyncio.run(FileStore(path).save(TOKENS))
    assert asyncio.run(FileStore(path).load()) == TOKENS
    assert caplog.text == ""
    path.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        assert asyncio.run(FileStore(path).load()) == TOKENS
    assert f"{path}: others can read these tokens" in caplog.text
    assert "got 644" in caplog.text
    assert "hush" not in caplog.text


@posix
def test_a_link_stays_a_link(tmp_path):
    """Saving through a link replaces the file that it leads to, and shares its lock."""
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    link.symlink_to(real)

    async def main():
        await FileStore(link).save(TOKENS)
        async with FileStore(link).lock():
            with pytest.raises(TokenStoreError, match="expected the lock"):
                async with FileStore(real, wait=0.0).lock():
                    raise AssertionError

    asyncio.run(main())
    assert link.is_symlink()
    assert asyncio.run(FileStore(real).load()) == TOKENS


def read_on(path, stop, results):
    """Read as fast as it goes; tell how often, and all that was not whole."""
    store, count, torn = FileStore(path), 0, []

    async def main():
        nonlocal count
        while not stop.is_set():
            found = await store.load()
            count += 1
            if found is None or found.access_token != found.refresh_token:
                torn.append(repr(found))

    asyncio.run(main())
    results.put((count, torn))


def test_a_reader_never_sees_half(tmp_path):
    """A process that reads on while another saves sees whole tokens only."""
    path = tmp_path / "tokens.json"
    spawn = multiprocessing.get_context("spawn")
    stop, results = spawn.Event(), spawn.Queue()

    async def save_on():
        store = FileStore(path)
        for number in range(300):
            text = str(number % 10) * (1 + number % 7 * 5_000)
            await store.save(Tokens(text, text))

    asyncio.run(FileStore(path).save(Tokens("x", "x")))
    reader = spawn.Process(target=read_on, args=(path, stop, results))
    reader.start()
    try:
        asyncio.run(save_on())
    finally:
        stop.set()
        count, torn = results.get(timeout=60)
        reader.join()
    assert torn == []
    assert count > 10


def test_killed_writers_leave_the_file_whole(tmp_path):
    """Whenever a writer is killed, the file holds the tokens of one save, whole."""
    path = tmp_path / "tokens.json"
    code = (
        "import asyncio, sys\n"
        "from sage200_async.tokens import Tokens\n"
        "from sage200_async.tokens.file import FileStore\n"
        "async def main():\n"
        "    store, n = FileStore(sys.argv[1]), 0\n"
        "    while True:\n"
        "        n += 1\n"
        "        await store.save(Tokens(str(n) * 20_000, str(n)))\n"
        "        n == 1 and print('going', flush=True)\n"
        "asyncio.run(main())\n"
    )
    for _ in range(5):
        told = [sys.executable, "-c", code, str(path)]
        with subprocess.Popen(told, stdout=subprocess.PIPE) as writer:
            assert writer.stdout.readline().strip() == b"going"
            writer.kill()
        found = asyncio.run(FileStore(path).load())
        assert found.access_token == found.refresh_token * 20_000


def test_what_killed_writers_left_is_removed(tmp_path):
    """A temporary file that a kill left is removed once it is old, not before."""
    path = tmp_path / "tokens.json"
    old, new = tmp_path / ".tokens.json.a.tmp", tmp_path / ".tokens.json.b.tmp"
    for each in (old, new):
        each.write_text("hush")
    ago = time.time() - 3_600
    os.utime(old, (ago, ago))
    asyncio.run(FileStore(path).save(TOKENS))
    assert sorted(tmp_path.iterdir()) == [new, path]


@pytest.mark.parametrize(
    "content", [b"", b"hush", b'{"access_token": "hu', b"[]", b'{"access_token": 7}']
)
def test_a_file_that_is_something_else(tmp_path, content):
    """A file that holds no tokens is named, with its size and not its content."""
    path = tmp_path / "tokens.json"
    path.write_bytes(content)
    with pytest.raises(TokenStoreError) as caught:
        asyncio.run(FileStore(path).load())
    assert str(caught.value) == (
        f"{path}: expected tokens as JSON, got {len(content)} bytes that are not; "
        "remove it and sign in again"
    )
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_folder_in_place_of_the_file(tmp_path):
    """A folder where the file should be is an error that names it, not a trace."""
    store = FileStore(tmp_path)
    with pytest.raises(TokenStoreError, match="the tokens cannot be read: ") as caught:
        asyncio.run(store.load())
    assert str(tmp_path) in str(caught.value)
    with pytest.raises(TokenStoreError, match="the tokens cannot be written: "):
        asyncio.run(store.save(TOKENS))
    assert list(tmp_path.parent.glob("*.tmp")) == []


def test_a_file_in_place_of_the_folder(tmp_path):
    """A path that leads through a file is an error for saving and locking."""
    (tmp_path / "file").write_text("")
    store = FileStore(tmp_path / "file" / "tokens.json")

    async def lock():
        async with store.lock():
            raise AssertionError

    with pytest.raises(TokenStoreError, match="the tokens cannot be written: "):
        asyncio.run(store.save(TOKENS))
    with pytest.raises(TokenStoreError, match="the tokens cannot be locked: "):
        asyncio.run(lock())


@mortal
def test_a_folder_that_cannot_be_written(tmp_path):
    """A read-only folder is an error that says so; what was there stands."""
    path = tmp_path / "tokens.json"
    asyncio.run(FileStore(path).save(TOKENS))
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(TokenStoreError, match="Permission denied"):
            asyncio.run(FileStore(path).save(Tokens("newer")))
        assert asyncio.run(FileStore(path).load()) == TOKENS
    finally:
        tmp_path.chmod(0o700)


def test_the_disk_is_full(tmp_path, monkeypatch):
    """A full disk is an error that says so; the old tokens stand, and no scrap."""
    path = tmp_path / "tokens.json"
    asyncio.run(FileStore(path).save(TOKENS))

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TokenStoreError, match="written: No space left on device"):
        asyncio.run(FileStore(path).save(Tokens("newer")))
    assert list(tmp_path.iterdir()) == [path]
    assert asyncio.run(FileStore(path).load()) == TOKENS


@pytest.mark.parametrize("times", [1, 2])
def test_windows_refuses_for_a_moment(tmp_path, monkeypatch, times):
    """A refusal that passes, as Windows has it while another reads, is sat out."""
    path = tmp_path / "tokens.json"
    refusals = iter([True] * (times - 1) + [False] * 5)
    replace = type(path).replace

    def busy(made, target):
        if next(refusals):
            raise PermissionError(errno.EACCES, "The file is in use")
        return replace(made, target)

    monkeypatch.setattr(module, "_TRIES", 2)
    monkeypatch.setattr(type(path), "replace", busy)
    asyncio.run(FileStore(path).save(TOKENS))
    assert asyncio.run(FileStore(path).load()) == TOKENS


def test_a_refusal_that_lasts(tmp_path, monkeypatch):
    """A file that stays refused is an error after the tries, which are counted."""
    path, tries = tmp_path / "tokens.json", []

    def refuse(made, _):
        tries.append(made)
        raise PermissionError(errno.EACCES, "The file is in use")

    monkeypatch.setattr(module, "_TRIES", 3)
    monkeypatch.setattr(type(path), "replace", refuse)
    with pytest.raises(TokenStoreError, match="written: The file is in use"):
        asyncio.run(FileStore(path).save(TOKENS))
    assert len(tries) == 3


def test_the_lock_keeps_tasks_apart(tmp_path):
    """Twenty tasks with stores of their own are inside one at a time."""
    inside, most = 0, 0

    async def one():
        nonlocal inside, most
        async with FileStore(tmp_path / "tokens.json").lock():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async def main():
        await asyncio.gather(*(one() for _ in range(20)))

    asyncio.run(main())
    assert most == 1


def test_waiting_for_the_lock_ends(tmp_path):
    """Who waits too long is told what holds the lock, and where it is."""

    async def main():
        async with FileStore(tmp_path / "tokens.json").lock():
            with pytest.raises(TokenStoreError, match="another process has it") as said:
                async with FileStore(tmp_path / "tokens.json", wait=0.1).lock():
                    raise AssertionError
        assert str(tmp_path / "tokens.json.lock") in str(said.value)
        async with FileStore(tmp_path / "tokens.json", wait=0.0).lock():
            pass

    asyncio.run(main())


def test_who_stops_waiting_holds_nothing(tmp_path):
    """A task that is cancelled while it waits leaves the lock to others."""

    async def main():
        store = FileStore(tmp_path / "tokens.json", wait=5.0)

        async def take():
            async with store.lock():
                raise AssertionError

        async with store.lock():
            waiting = asyncio.create_task(take())
            await asyncio.sleep(0.02)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        async with store.lock():
            pass

    asyncio.run(main())


def test_a_system_without_locks(tmp_path, monkeypatch):
    """A file system that cannot lock is an error that says so."""
    import filelock

    def none(_):
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr(filelock.FileLock, "_acquire", none)

    async def main():
        async with FileStore(tmp_path / "tokens.json").lock():
            raise AssertionError

    with pytest.raises(TokenStoreError, match="expected a file system with locks"):
        asyncio.run(main())


def test_nothing_is_shown(tmp_path):
    """A store's repr shows its path alone."""
    path = tmp_path / "tokens.json"
    store = FileStore(path)
    asyncio.run(store.save(TOKENS))
    assert repr(store) == f"FileStore({str(path)!r})"
