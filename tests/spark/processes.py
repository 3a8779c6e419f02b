"""The processes of Spark below this one, by Linux's /proc."""

import os
import signal
from pathlib import Path


def children(pid):
    """Return the processes below *pid*, with their command lines."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            number = int(stat.parent.name)
            parents[number] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
    below = [one for one, parent in parents.items() if parent == pid]
    return {one: _command(one) for one in below} | {
        child: command for one in below for child, command in children(one).items()
    }


def _command(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def executors():
    """Return the ids of the executors."""
    own = children(os.getpid())
    return sorted(
        pid for pid, text in own.items() if "CoarseGrainedExecutorBackend" in text
    )


def kill(pids):
    """Kill processes at once, as a machine that is lost does."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def python_workers(executor):
    """Return the ids of the Python processes of one executor."""
    return [pid for pid, text in children(executor).items() if "pyspark" in text]


def fails_once(marker):
    """Return a function for `mapInArrow`: its process ends after its rows, but only once.

    Args:
        marker: The file that shows that it has.
    """

    def pass_on(batches):
        yield from batches
        if not marker.exists():
            marker.touch()
            os._exit(1)

    return pass_on
