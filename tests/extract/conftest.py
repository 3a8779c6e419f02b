"""A PostgreSQL server for the tests of extraction."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

PASSWORD = "hush-postgres"


class Server:
    """A PostgreSQL server for tests."""

    def __init__(self, programs, folder):
        self.programs, self.data = programs, Path(folder, "data")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        # PostgreSQL refuses to run as root.
        self.user = None
        if os.geteuid() == 0:
            import pwd

            self.user = pwd.getpwnam("nobody").pw_uid
            os.chown(folder, self.user, -1)
        secret = Path(folder, "password")
        secret.write_text(PASSWORD, encoding="utf-8")
        options = ["-U", "sage", "-A", "scram-sha-256", f"--pwfile={secret}"]
        self.run("initdb", *options, "-E", "UTF8", "--locale=C", "--no-sync")
        self.start()

    def run(self, program, *arguments):
        subprocess.run(
            [self.programs / program, "-D", self.data, *arguments],
            user=self.user,
            check=True,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def start(self):
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off "
        options += "-c unix_socket_directories='' -c timezone=UTC"
        self.run("pg_ctl", "-w", "-o", options, "start")

    def stop(self):
        self.run("pg_ctl", "-w", "-m", "fast", "stop")

    def kill(self):
        """End it as a power cut does."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        while (self.data / "postmaster.pid").exists():
            pass

    def url(self, database="postgres"):
        return f"postgresql://sage:{PASSWORD}@127.0.0.1:{self.port}/{database}"


@contextlib.contextmanager
def server():
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    program = programs[-1] if programs else shutil.which("initdb")
    if program is None:
        pytest.skip("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory() as folder:
        running = Server(Path(program).parent, folder)
        try:
            yield running
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):
                running.run("pg_ctl", "-w", "-m", "immediate", "stop")


@pytest.fixture(scope="session")
def postgres():
    """Run a PostgreSQL server."""
    with server() as running:
        yield running


@pytest.fixture(scope="session")
def another_postgres():
    """Return what runs a PostgreSQL server that a test may kill."""
    return server
