"""Runs the blocks of a page in one folder, against one sandbox."""

import ast
import asyncio
import contextlib
import doctest
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from page_blocks import Block
from page_syntax import parse

from sage200_async.sandbox import Sandbox

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
RECORDS = {"customers": 60, "products": 40, "suppliers": 10, "sop_orders": 30}
NAMES = ("client_id", "client_secret", "refresh_token", "site", "company")
ADDRESSES = ("base_url", "token_url", "authorization_url")
BIN = "Scripts" if os.name == "nt" else "bin"
# Nothing is installed in the tests' own environment. What a page installs is checked by
# `test_every_extra_that_a_page_installs_exists`.
NO_PIP = 'pip() { test "$1" = install || test "$1" = wheel; }\n'


def environment(sandbox: Sandbox, folder: Path) -> dict[str, str]:
    """Return the variables by which programs and commands reach a sandbox.

    They share a store in *folder*, since a refresh token is good for one use.
    """
    settings = sandbox.settings
    store = (folder / "tokens" / "tokens.json").as_uri()
    of_dlt = {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(folder / "dlt")}
    return {"SAGE200_TOKEN_STORE": store, **of_dlt} | {
        f"SAGE200_{name.upper()}": str(getattr(settings, name))
        for name in (*NAMES, *ADDRESSES)
    }


def _answers(address: tuple[str, int]) -> bool:
    """Return whether anything accepts connections at *address*."""
    with contextlib.suppress(OSError), socket.create_connection(address, 1):
        return True
    return False


class PageRun:
    """One page: its folder, what its last block printed, and what is running."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Without one, pytest would take the configuration of the repository around it.
        (folder / "pytest.ini").write_text("", encoding="utf-8")
        self.printed = ""
        self.names: dict[str, Any] = {}
        self.servers: dict[tuple[str, int], subprocess.Popen[bytes]] = {}

    async def run(self, block: Block) -> None:
        """Run a block, or compare it with what the last one printed."""
        if "file" in block.notes:
            path = self.folder / block.notes["file"]
            path.write_text(block.code, encoding="utf-8")
        if "output" in block.notes:
            self._compare(block)
        elif "not run" in block.notes or block.language not in {"python", "sh"}:
            parse(block.language, block.code, block.where)
        elif block.language == "python":
            await self._python(block)
        elif "background" in block.notes:
            await asyncio.to_thread(self._serve, block)
        elif "set-up" in block.notes:
            await asyncio.to_thread(self._set_up, block)
        else:
            await asyncio.to_thread(self._shell, block)

    def close(self) -> None:
        """End what the page started."""
        for address in list(self.servers):
            self._end(address)

    def _end(self, address: tuple[str, int]) -> None:
        """End what the page started at *address*, if anything."""
        server = self.servers.pop(address, None)
        if server is not None:
            server.terminate()
            server.wait(30)

    def _compare(self, block: Block) -> None:
        wanted, printed = (self._anywhere(t) for t in (block.code, self.printed))
        matches = doctest.OutputChecker().check_output(wanted, printed, FLAGS)
        assert matches, f"{block.where}: it printed\n{self.printed}"

    def _anywhere(self, text: str) -> str:
        """Return *text* as it would be at any time, and in any folder."""
        text = text.replace(str(self.folder), "/home/you")
        return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2026-01-31 08:00:00", text)

    async def _python(self, block: Block) -> None:
        """Run Python as a notebook does, or as a program where it starts its own loop."""
        file = block.notes.get("file", "")
        if "asyncio.run(" in block.code or file.startswith("test_"):
            if not file:
                program = (block.code, [sys.executable, "-"], block.where)
                await asyncio.to_thread(self._program, *program)
            return
        mode = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code = compile(block.code, block.where, "exec", mode)
        if "continued" not in block.notes:
            self.names = {"__name__": "page"}
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            # In a thread: a block that awaits nothing may wait for the sandbox.
            coroutine = await asyncio.to_thread(eval, code, self.names)
            if coroutine is not None:  # None if the block awaits nothing
                await coroutine
        self.printed = printed.getvalue()

    def _set_up(self, block: Block) -> None:
        """Make the environment of the page; without a wheel, that of the tests."""
        if "DOCS_WHEEL" in os.environ:
            # The wheel takes the clone's place: it is what pip makes of a clone.
            wheels = Path(os.environ["DOCS_WHEEL"]).glob("*.whl")
            wheel = max(wheels, key=lambda path: path.stat().st_mtime)
            self._shell(block._replace(code=block.code.replace('".[', f'"{wheel}[')))
            return
        if not (self.folder / ".venv").exists():
            (self.folder / ".venv").symlink_to(Path(sys.executable).parents[1])

    def _serve(self, block: Block) -> None:
        """Start a program that goes on, and wait until its address answers.

        Raises:
            AssertionError: It ended, or does not answer; or something else does already,
                and the page would be tested against that.
        """
        url = urlsplit(block.notes["background"])
        address = (url.hostname or "", url.port or 80)
        self._end(address)
        assert not _answers(address), (
            f"{block.where}: {address} is taken; end what uses it"
        )
        # Without a shell, so that it is the program itself that is ended.
        server = subprocess.Popen(
            block.code.split(),
            cwd=self.folder,
            env=self._variables(),
            stdout=subprocess.DEVNULL,
        )
        self.servers[address] = server
        for _ in range(600):
            if _answers(address):
                return
            assert server.poll() is None, f"{block.where}: it has ended"
            time.sleep(0.1)
        message = f"{block.where}: nothing answers"
        raise AssertionError(message)

    def _shell(self, block: Block) -> None:
        bash = shutil.which("bash")
        assert bash, "blocks in sh are run by bash"
        if "terminal" in block.notes:
            # `script`, of util-linux, gives what it runs a terminal.
            command = ["script", "--quiet", "--return", "--command", block.code]
            self._program("", [*command, os.devnull], block.where)
        else:
            command = [bash, "-euo", "pipefail", "-s"]
            self._program(NO_PIP + block.code, command, block.where)

    def _program(self, text: str, command: list[str], where: str) -> None:
        """Run a program with *text* as its input, and keep what it prints."""
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=self.folder,
            env=self._variables(),
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, f"{where}: {done.stdout}{done.stderr}"
        self.printed = done.stdout

    def _variables(self) -> dict[str, str]:
        # An environment that the page sets up counts as activated.
        folders = (self.folder / ".venv" / BIN, Path(sys.executable).parent)
        path = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
        wheels = (
            f"{os.environ.get('DOCS_WHEEL', '')} {os.environ.get('PIP_FIND_LINKS', '')}"
        )
        return {
            **os.environ,
            "PATH": path,
            "COLUMNS": "88",
            "TERM": "dumb",
            "PIP_FIND_LINKS": wheels.strip(),
        }
