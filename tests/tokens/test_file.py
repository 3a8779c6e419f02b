"""Tokens in a file: private, atomic, and locked between processes."""

import asyncio
import errno
import logging
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest

from sage200_async import _private_files
from sage200_async.auth.stores import Tokens
from sage200_async.auth.stores import file as file_module
from sage200_async.auth.stores.file import FileStore
from sage200_async.errors import TokenStoreError

posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
NOBODY = 65534
TOKENS = Tokens("hush-access", "hush-refresh", 2.0, 1.0, 3.0, 4.0, 5.0)


def mode(path):
    return path.stat().st_mode & 0o777


def test_a_round_trip(tmp_path):
    """Every field is stored; `clear` deletes the file, and may be repeated."""

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
    """A file written by a later version can be read."""
    path = tmp_path / "tokens.json"
    path.write_text('{"access_token": "hush", "colour": "blue"}')
    assert asyncio.run(FileStore(path).load()) == Tokens("hush")


@posix
def test_only_the_owner_can_read(tmp_path, monkeypatch):
    """File, lock and folder are always private, whatever the umask."""
    path = tmp_path / "new" / "tokens.json"
    modes = []
    fsync = os.fsync

    def record_mode(descriptor):
        modes.append(os.fstat(descriptor).st_mode & 0o777)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record_mode)
    umask = os.umask(0)
    try:

        async def main():
            store = FileStore(path)
            async with store.lock():
                await store.save(TOKENS)

        asyncio.run(main())
    finally:
        os.umask(umask)
    assert modes == [0o600, 0o700]
    assert mode(path) == 0o600
    assert mode(path.parent) == 0o700
    for file in path.parent.iterdir():
        assert mode(file) == 0o600


@posix
def test_a_file_that_others_can_read(tmp_path, caplog):
    """Tokens that other users can read are used, with a warning without a token."""
    caplog.set_level(logging.WARNING)
    path = tmp_path / "tokens.json"
    asyncio.run(FileStore(path).save(TOKENS))
    assert asyncio.run(FileStore(path).load()) == TOKENS
    assert caplog.text == ""
    path.chmod(0o644)
    assert asyncio.run(FileStore(path).load()) == TOKENS
    assert f"{path}: other users can read these tokens" in caplog.text
    assert "got 644. Run chmod 600 on it." in caplog.text
    assert "hush" not in caplog.text


@posix
def test_a_link_stays_a_link(tmp_path):
    """Saving through a link replaces the file it leads to, and uses its lock."""
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


READER = """
import asyncio, sys, threading
from sage200_async.errors import TokenStoreError
from sage200_async.auth.stores.file import FileStore

async def main():
    store, stop, reads, torn = FileStore(sys.argv[1]), threading.Event(), 0, 0
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set())).start()
    while not stop.is_set():
        try:
            tokens = await store.load()
        except TokenStoreError:
            tokens = None
        reads += 1
        torn += tokens is None or tokens.access_token != tokens.refresh_token
        if reads == 500:
            print("enough", flush=True)
    print(torn, flush=True)

asyncio.run(main())
"""


def test_a_reader_never_sees_half(tmp_path, monkeypatch):
    """A process that reads while another saves never sees half of the tokens.

    What a process sees of another's files does not depend on the disk, so the
    test does not wait for it.
    """
    path = tmp_path / "tokens.json"
    monkeypatch.setattr(os, "fsync", lambda _: None)

    async def main():
        store, saves, pipe = FileStore(path), 0, asyncio.subprocess.PIPE
        await store.save(Tokens("x", "x"))
        reader = await asyncio.create_subprocess_exec(
            sys.executable, "-c", READER, str(path), stdin=pipe, stdout=pipe
        )
        enough = asyncio.create_task(reader.stdout.readline())
        while not enough.done() or saves < 200:
            text = str(saves % 10) * (1 + saves % 7 * 5_000)
            await store.save(Tokens(text, text))
            saves += 1
        assert (await enough).strip() == b"enough"
        torn, _ = await reader.communicate(b"")
        assert torn.strip() == b"0"

    asyncio.run(main())


def test_temporary_files_of_killed_processes(tmp_path):
    """A temporary file of a killed process is removed once it is a minute old."""
    path = tmp_path / "tokens.json"
    old, new = tmp_path / ".tokens.json.a.tmp", tmp_path / ".tokens.json.b.tmp"
    for file in (old, new):
        file.write_text("hush")
    an_hour_ago = time.time() - 3_600
    os.utime(old, (an_hour_ago, an_hour_ago))
    asyncio.run(FileStore(path).save(TOKENS))
    assert sorted(tmp_path.iterdir()) == [new, path]


@pytest.mark.parametrize(
    "content", [b"", b"hush", b'{"access_token": "hu', b"[]", b'{"access_token": 7}']
)
def test_a_file_that_is_something_else(tmp_path, content):
    """The error names a file that holds no tokens, with its size but not its content."""
    path = tmp_path / "tokens.json"
    path.write_bytes(content)
    with pytest.raises(TokenStoreError) as caught:
        asyncio.run(FileStore(path).load())
    assert str(caught.value) == (
        f"{path}: expected tokens as JSON, got {len(content)} bytes of something "
        "else. Remove it and sign in again with `sage200 login`."
    )
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_folder_in_place_of_the_file(tmp_path):
    """A folder in place of the file is an error that names it."""
    store = FileStore(tmp_path)
    with pytest.raises(TokenStoreError, match="the tokens cannot be read: ") as caught:
        asyncio.run(store.load())
    assert str(tmp_path) in str(caught.value)
    with pytest.raises(TokenStoreError, match="the tokens cannot be written: "):
        asyncio.run(store.save(TOKENS))
    assert list(tmp_path.parent.glob("*.tmp")) == []


def test_a_file_in_place_of_the_folder(tmp_path):
    """A file in place of the folder is an error for saving and locking."""
    (tmp_path / "file").write_text("")
    store = FileStore(tmp_path / "file" / "tokens.json")

    async def lock():
        async with store.lock():
            raise AssertionError

    with pytest.raises(TokenStoreError, match="the tokens cannot be written: "):
        asyncio.run(store.save(TOKENS))
    with pytest.raises(TokenStoreError, match="the tokens cannot be locked: "):
        asyncio.run(lock())


@pytest.fixture
def own_folder():
    """Return a folder of the user; run as nobody, since root may do anything."""
    folder = Path(tempfile.mkdtemp())
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    yield folder
    if is_root:
        os.seteuid(0)
    folder.chmod(0o700)
    shutil.rmtree(folder)


@posix
def test_a_folder_that_cannot_be_written(own_folder):
    """A read-only folder is an error, and the old tokens are kept."""
    path = own_folder / "tokens.json"
    asyncio.run(FileStore(path).save(TOKENS))
    own_folder.chmod(0o500)
    with pytest.raises(TokenStoreError, match="Permission denied"):
        asyncio.run(FileStore(path).save(Tokens("newer")))
    assert asyncio.run(FileStore(path).load()) == TOKENS


def test_the_disk_is_full(tmp_path, monkeypatch):
    """A full disk is an error; the old tokens are kept, and no temporary file."""
    path = tmp_path / "tokens.json"
    asyncio.run(FileStore(path).save(TOKENS))

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TokenStoreError, match="written: No space left on device"):
        asyncio.run(FileStore(path).save(Tokens("newer")))
    assert list(tmp_path.iterdir()) == [path]
    assert asyncio.run(FileStore(path).load()) == TOKENS


@pytest.mark.parametrize("used", [False, True])
def test_sync_and_rename(tmp_path, monkeypatch, used):
    """Working tokens are replaced after the sync to disk; used ones before it."""
    path, order = tmp_path / "tokens.json", []
    fsync, replace = os.fsync, type(path).replace

    def sync(descriptor):
        order.append("sync")
        fsync(descriptor)

    def rename(temporary, target):
        order.append("rename")
        return replace(temporary, target)

    store = FileStore(path)
    asyncio.run(
        store.save(Tokens("", "hush", refresh_started_at=1.0 if used else None))
    )
    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(type(path), "replace", rename)
    asyncio.run(store.save(TOKENS))
    disk_first = order.index("sync") < order.index("rename")
    assert disk_first is not used
    assert order.count("rename") == 1
    assert order[-1] == "sync"
    assert asyncio.run(store.load()) == TOKENS
    assert mode(path) == 0o600 or os.name != "posix"


@pytest.mark.parametrize("times", [1, 2])
def test_windows_refuses_for_a_short_time(tmp_path, monkeypatch, times):
    """A short refusal, as Windows has while another process reads, is retried."""
    path = tmp_path / "tokens.json"
    refusals = iter([True] * (times - 1) + [False] * 5)
    replace = type(path).replace

    def busy(temporary, target):
        if next(refusals):
            raise PermissionError(errno.EACCES, "The file is in use")
        return replace(temporary, target)

    monkeypatch.setattr(file_module, "_ATTEMPTS", 2)
    monkeypatch.setattr(type(path), "replace", busy)
    asyncio.run(FileStore(path).save(TOKENS))
    assert asyncio.run(FileStore(path).load()) == TOKENS


@posix
def test_a_system_without_modes(tmp_path, monkeypatch, caplog):
    """Without POSIX modes there is no warning, and no folder is opened."""
    caplog.set_level(logging.WARNING)
    path, opened = tmp_path / "tokens.json", []
    open_file = os.open

    def record(file, *arguments):
        opened.append(file)
        return open_file(file, *arguments)

    monkeypatch.setattr(_private_files, "_POSIX", False)
    monkeypatch.setattr(os, "open", record)
    asyncio.run(FileStore(path).save(TOKENS))
    path.chmod(0o644)
    assert asyncio.run(FileStore(path).load()) == TOKENS
    assert tmp_path not in opened
    assert caplog.text == ""


def test_a_refusal_that_lasts(tmp_path, monkeypatch):
    """A file that stays refused is an error after a number of attempts."""
    path, attempts = tmp_path / "tokens.json", []

    def refuse(temporary, _):
        attempts.append(temporary)
        raise PermissionError(errno.EACCES, "The file is in use")

    monkeypatch.setattr(file_module, "_ATTEMPTS", 3)
    monkeypatch.setattr(type(path), "replace", refuse)
    with pytest.raises(TokenStoreError, match="written: The file is in use"):
        asyncio.run(FileStore(path).save(TOKENS))
    assert len(attempts) == 3


def test_the_lock_keeps_tasks_apart(tmp_path):
    """Twenty tasks with separate store objects hold the lock one at a time."""
    inside, peak = 0, 0

    async def one():
        nonlocal inside, peak
        async with FileStore(tmp_path / "tokens.json").lock():
            inside += 1
            peak = max(peak, inside)
            await asyncio.sleep(0)
            inside -= 1

    async def main():
        await asyncio.gather(*(one() for _ in range(20)))

    asyncio.run(main())
    assert peak == 1


def test_waiting_for_the_lock_ends(tmp_path):
    """The error after waiting too long names the lock file and the likely cause."""

    async def main():
        async with FileStore(tmp_path / "tokens.json").lock():
            with pytest.raises(
                TokenStoreError, match="another process has it"
            ) as caught:
                async with FileStore(tmp_path / "tokens.json", wait=0.1).lock():
                    raise AssertionError
        assert str(tmp_path / "tokens.json.lock") in str(caught.value)
        async with FileStore(tmp_path / "tokens.json", wait=0.0).lock():
            pass

    asyncio.run(main())


def test_a_cancelled_waiter_holds_nothing(tmp_path):
    """A task that is cancelled while it waits does not take the lock."""

    async def main():
        store = FileStore(tmp_path / "tokens.json", wait=5.0)

        async def hold():
            async with store.lock():
                raise AssertionError

        async with store.lock():
            waiting = asyncio.create_task(hold())
            await asyncio.sleep(0.02)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        async with store.lock():
            pass

    asyncio.run(main())


def test_a_folder_in_place_of_the_lock(tmp_path):
    """A lock file that cannot be opened is an error that names it."""
    (tmp_path / "tokens.json.lock").mkdir()

    async def main():
        async with FileStore(tmp_path / "tokens.json").lock():
            raise AssertionError

    with pytest.raises(TokenStoreError, match="lock: cannot be locked: Is a dir"):
        asyncio.run(main())


def test_a_system_without_locks(tmp_path, monkeypatch):
    """A file system without locks is an error that says so."""
    import filelock

    def unsupported(_):
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr(filelock.FileLock, "_acquire", unsupported)

    async def main():
        async with FileStore(tmp_path / "tokens.json").lock():
            raise AssertionError

    with pytest.raises(TokenStoreError, match="expected a file system with locks"):
        asyncio.run(main())


def test_repr(tmp_path):
    """A store's repr shows only its path."""
    path = tmp_path / "tokens.json"
    store = FileStore(path)
    asyncio.run(store.save(TOKENS))
    assert repr(store) == f"FileStore({str(path)!r})"
