"""SIGTERM ends a command as Ctrl-C does, on every event loop."""

import asyncio
import signal
import threading
from typing import Any, NoReturn

import pytest

from sage200_async.cli.running import Terminated, run_async


class WindowsLoop(asyncio.SelectorEventLoop):
    """As a proactor loop of Windows is: without handlers of signals and files."""

    def add_signal_handler(self, *_: object) -> NoReturn:
        raise NotImplementedError

    def add_reader(self, *_: object) -> NoReturn:
        raise NotImplementedError

    def add_writer(self, *_: object) -> NoReturn:
        raise NotImplementedError


def stop_soon(number: int) -> None:
    """Send this process a signal once the command waits."""
    asyncio.get_running_loop().call_soon(signal.raise_signal, number)


@pytest.fixture(params=[asyncio.SelectorEventLoop, WindowsLoop])
def loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each new event loop be one of that class."""
    monkeypatch.setattr(asyncio.events, "new_event_loop", request.param)


@pytest.mark.usefixtures("loop")
def test_sigterm_cancels_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """It cleans up, what it started is over, and a line says how to go on."""
    steps = []

    async def command() -> None:
        stop_soon(signal.SIGTERM)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            steps.append("cleaned up")
            raise

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated):
        run_async(command(), advice="run it again")
    assert steps == ["cleaned up"]
    assert capsys.readouterr().err == "error: terminated: run it again\n"
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_second_sigterm_does_not_wait() -> None:
    """A clean-up that hangs does not keep the process alive."""

    async def command() -> None:
        stop_soon(signal.SIGTERM)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            stop_soon(signal.SIGTERM)
            await asyncio.sleep(60)

    with pytest.raises(Terminated):
        run_async(command())


def test_a_command_that_cancels_itself_is_not_terminated() -> None:
    """What is no signal stays what it is."""

    async def command() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run_async(command())


def test_an_ignored_signal_stays_ignored() -> None:
    """A program that started this one may have wanted it so."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:

        async def command() -> Any:
            return signal.getsignal(signal.SIGTERM)

        assert run_async(command()) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_command_runs_in_another_thread() -> None:
    """Handlers are for the main thread: elsewhere the command runs without one."""
    results: list[int] = []

    async def command() -> int:
        return 7

    thread = threading.Thread(target=lambda: results.append(run_async(command())))
    thread.start()
    thread.join()
    assert results == [7]
