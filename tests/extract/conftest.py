"""A PostgreSQL server for the tests of extraction, and PgBouncer before it."""

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


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def user_for(folder):
    """Return a user for a server and its folder: they refuse to run as root."""
    if os.geteuid() != 0:
        return None
    import pwd

    user = pwd.getpwnam("nobody").pw_uid
    os.chown(folder, user, -1)
    return user


class Server:
    """A PostgreSQL server for tests."""

    def __init__(self, programs, folder):
        self.programs, self.data = programs, Path(folder, "data")
        self.port = free_port()
        self.user = user_for(folder)
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


class Bouncer:
    """PgBouncer before a server: each transaction gets another connection to it."""

    def __init__(self, folder, server):
        self.port = free_port()
        users, config = Path(folder, "users"), Path(folder, "pgbouncer.ini")
        users.write_text(f'"sage" "{PASSWORD}"\n', encoding="utf-8")
        options = {
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "plain",
            "auth_file": users,
            "pool_mode": "transaction",
            "server_round_robin": 1,
            "default_pool_size": 3,
            "min_pool_size": 3,
        }
        lines = [f"{name} = {value}" for name, value in options.items()]
        where = f"host=127.0.0.1 port={server.port} user=sage password={PASSWORD}"
        text = ["[databases]", f"* = {where}", "[pgbouncer]", *lines, ""]
        config.write_text("\n".join(text), encoding="utf-8")
        program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
        self.process = subprocess.Popen(
            [program, "-q", config],
            user=user_for(folder),
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self):
        """Wait until it listens."""
        while self.process.poll() is None:
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
        pytest.fail("PgBouncer did not start")

    def url(self, database="postgres"):
        return f"postgresql://sage:{PASSWORD}@127.0.0.1:{self.port}/{database}"


@pytest.fixture(scope="session")
def pgbouncer(postgres):
    """Run PgBouncer with a pool of connections that changes with each transaction."""
    if shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        pytest.skip("PgBouncer is not installed")
    with tempfile.TemporaryDirectory() as folder:
        bouncer = Bouncer(folder, postgres)
        try:
            bouncer.wait()
            yield bouncer
        finally:
            bouncer.process.terminate()
            bouncer.process.wait()
