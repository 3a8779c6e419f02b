"""Runs `sage200`, and kills it.

Each line on its input is JSON and begins a run: the arguments, the environment, the
file of its standard error, and the seconds after which it is killed, or none. A run is
a fork, so that it costs no imports; its exit code is printed.
"""

import json
import os
import signal
import sys
import time

import duckdb  # noqa: F401 - loaded before any fork
import psycopg  # noqa: F401
import pyarrow.parquet  # noqa: F401

from sage200_async.cli.app import run


def export(arguments, env, errors):
    """Run the command in this process, and end it."""
    for stream, path in ((1, os.devnull), (2, errors)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    os.environ.update(env)
    sys.argv = ["sage200", *arguments]
    status = run()
    sys.stderr.flush()
    os._exit(status)


def wait(child, after):
    """Wait for the end of a process, which is killed after some seconds."""
    started = time.monotonic()
    while True:
        ended, status = os.waitpid(child, 0 if after is None else os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if after is not None and time.monotonic() - started >= after:
            os.kill(child, signal.SIGKILL)
            after = None
        time.sleep(0.005)


def main():
    for line in sys.stdin:
        options = json.loads(line)
        after = options.pop("after")
        child = os.fork()
        if child == 0:
            export(**options)
        print(wait(child, after), flush=True)


if __name__ == "__main__":
    main()
