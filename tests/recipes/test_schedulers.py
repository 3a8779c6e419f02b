"""cron, systemd and the Windows Task Scheduler: the files' syntax, and their commands.

The commands run as the scheduler would run them, against the sandbox. No scheduler is
started: neither systemd nor Windows is there, and cron's clock takes a minute.
"""

import json
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path, PureWindowsPath
from xml.etree import ElementTree as ET

import pytest

RECIPES = Path(__file__).parents[2] / "examples" / "recipes"
RESOURCES = ("customers", "sop_orders")
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def rows(path):
    """Return how many rows each table of a copy has."""
    with sqlite3.connect(path) as copy:
        counts = {
            name: copy.execute(f"select count(*) from {name}").fetchone()[0]
            for name in RESOURCES
        }
    copy.close()
    return counts


@pytest.fixture(scope="module")
def command():
    """The installed command."""
    pytest.importorskip("click", reason="the command line is not installed")
    program = shutil.which("sage200", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("the command sage200 is not installed here")
    return program


# cron


def crontab():
    """Return the variables and the lines of the crontab: five fields and a command."""
    text = (RECIPES / "sage200.crontab").read_text("utf-8")
    lines = [n for n in text.splitlines() if n.strip() and not n.startswith("#")]
    variables = dict(n.split("=", 1) for n in lines if re.match(r"[A-Z]+=", n))
    jobs = [n.split(maxsplit=5) for n in lines if not re.match(r"[A-Z]+=", n)]
    return variables, [(fields[:5], fields[5]) for fields in jobs]


def cron_mail(line, env, home, command):
    """Run a line as cron does; return what it would mail, which is all that is printed."""
    variables, _ = crontab()
    own = {k: v for k, v in env.items() if k.startswith(("SAGE200_", "PYTHONPATH"))}
    path = variables["PATH"].replace("/opt/sage200/bin", str(Path(command).parent))
    result = subprocess.run(
        [variables["SHELL"], "-c", line],
        env={**own, "HOME": str(home), "PATH": path, "LOGNAME": "sage200"},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return result.stdout + result.stderr


@pytest.fixture
def home(tmp_path):
    """The home of the job's user, with the folder that the crontab asks for."""
    (tmp_path / "sage200").mkdir()
    return tmp_path


def test_the_crontab_is_one():
    """Each line has five fields in their ranges, and no bare per cent sign."""
    ranges = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]
    variables, jobs = crontab()
    assert {"MAILTO", "PATH", "SHELL"} == set(variables)
    assert len(jobs) == 3
    for fields, line in jobs:
        for field, (low, high) in zip(fields, ranges, strict=True):
            numbers = [int(number) for number in re.findall(r"\d+", field)]
            assert re.fullmatch(r"\*|\d+(-\d+)?", field)
            assert all(low <= number <= high for number in numbers)
        assert "%" not in line.replace(r"\%", "")  # cron takes it for a line's end


def test_the_times_of_the_crontab():
    """A parser of cron's expressions says that the sync runs three times each night."""
    croniter = pytest.importorskip("croniter", reason="croniter is not installed")
    from datetime import datetime

    times = [" ".join(fields) for fields, _ in crontab()[1]]
    assert all(croniter.croniter.is_valid(expression) for expression in times)
    runs = croniter.croniter(times[0], datetime(2026, 11, 28))
    assert [runs.get_next(datetime).strftime("%d %H:%M") for _ in range(4)] == [
        "28 02:15",
        "28 03:15",
        "28 04:15",
        "29 02:15",
    ]


def test_cron_mails_nothing_after_a_good_night(recipe_env, home, command, sandbox):
    """The sync copies and prints nothing; the doctor writes JSON and prints nothing."""
    (_, sync), (_, doctor), (_, rotate) = crontab()[1]
    assert cron_mail(sync, recipe_env, home, command) == ""
    counts = {name: sandbox.store.count(name) for name in RESOURCES}
    assert rows(home / "sage200" / "copy.db") == counts
    assert "exit status 0" in (home / "sage200" / "sync.log").read_text("utf-8")
    assert cron_mail(doctor, recipe_env, home, command) == ""
    assert json.loads((home / "sage200" / "doctor.json").read_text("utf-8"))
    assert cron_mail(rotate, recipe_env, home, command) == ""
    assert not (home / "sage200" / "sync.log").exists()


def test_cron_mails_what_a_person_has_to_do(recipe_env, home, command):
    """Without a sign-in the sync's mail is its error, and the doctor's its findings."""
    (_, sync), (_, doctor), _ = crontab()[1]
    env = {
        **recipe_env,
        "SAGE200_REFRESH_TOKEN": "",
        "SAGE200_TOKEN_STORE": (home / "no-tokens.json").as_uri(),
    }
    assert "sage200 login" in cron_mail(sync, env, home, command)
    mail = json.loads(cron_mail(doctor, env, home, command))
    assert "sage200 login" in json.dumps(mail)


# systemd


def unit(name):
    """Return the settings of a unit, each as a list of its values."""
    settings = {}
    for line in (RECIPES / name).read_text("utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            settings.setdefault(key, []).append(value)
    return settings


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)
def test_systemd_accepts_the_units(tmp_path):
    """`systemd-analyze verify` finds nothing in either, but notices a wrong one."""

    def complaints(addition=""):
        for name in ("sage200-sync.service", "sage200-sync.timer"):
            text = (RECIPES / name).read_text("utf-8")
            text = text.replace("/opt/sage200/bin/sage200", sys.executable)
            if name.endswith("service"):
                text += addition
            (tmp_path / name).write_text(text, encoding="utf-8")
        units = [str(path) for path in tmp_path.iterdir()]
        result = subprocess.run(
            ["systemd-analyze", "verify", *units],
            capture_output=True,
            text=True,
            check=False,
        )
        return [n for n in result.stderr.splitlines() if str(tmp_path) in n]

    assert complaints() == []
    assert complaints("Retry=yes\n") != []


def test_the_service_runs(recipe_env, tmp_path, command, sandbox):
    """Its command line copies both resources into its state directory."""
    (line,) = unit("sage200-sync.service")["ExecStart"]
    assert "/var/lib/sage200/" in line
    words = shlex.split(line.replace("/var/lib/sage200/", f"{tmp_path.as_posix()}/"))
    subprocess.run([command, *words[1:]], env=recipe_env, check=True, timeout=60)
    counts = {name: sandbox.store.count(name) for name in RESOURCES}
    assert rows(tmp_path / "copy.db") == counts


def test_the_service_is_not_tried_again_where_a_person_is_needed():
    """The statuses that are not tried again are those of the page of commands."""
    page = Path(__file__).parents[2] / "docs" / "command-line.md"
    rows = re.findall(
        r"^\| (\d+) \| .* \| (.*) \|$", page.read_text("utf-8"), re.MULTILINE
    )
    for_people = {status for status, action in rows if action.startswith("nothing: ")}
    service = unit("sage200-sync.service")
    assert set(service["RestartPreventExitStatus"][0].split()) == for_people
    assert service["SuccessExitStatus"] == ["143"]


# the Windows Task Scheduler


KNOWN = {
    "Task": ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"],
    "RegistrationInfo": ["Description", "URI"],
    "Triggers": ["CalendarTrigger"],
    "CalendarTrigger": ["Repetition", "StartBoundary", "Enabled", "ScheduleByDay"],
    "Repetition": ["Interval", "Duration", "StopAtDurationEnd"],
    "ScheduleByDay": ["DaysInterval"],
    "Principals": ["Principal"],
    "Principal": ["LogonType", "RunLevel"],
    "Settings": [
        "MultipleInstancesPolicy",
        "DisallowStartIfOnBatteries",
        "StopIfGoingOnBatteries",
        "StartWhenAvailable",
        "RunOnlyIfNetworkAvailable",
        "Enabled",
        "ExecutionTimeLimit",
        "Priority",
    ],
    "Actions": ["Exec"],
    "Exec": ["Command", "Arguments", "WorkingDirectory"],
}
# Elements of the schema (learn.microsoft.com, "Task Scheduler Schema Elements"), in the
# order in which Windows exports them.
VALUES = {
    "Interval": r"PT\d+[HM]",
    "Duration": r"PT(\d+H)?(\d+M)?",
    "ExecutionTimeLimit": r"PT\d+H",
    "StartBoundary": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d",
    "LogonType": "Password|S4U|InteractiveToken",
    "RunLevel": "LeastPrivilege|HighestAvailable",
    "MultipleInstancesPolicy": "IgnoreNew|Parallel|Queue|StopExisting",
    "DaysInterval": r"\d+",
    "Priority": r"\d|10",
}


def test_the_task_is_of_the_schema():
    """The XML is well-formed, and has elements and values that the schema knows."""
    root = ET.parse(RECIPES / "sage200-sync.xml").getroot()
    assert root.tag == f"{TASK}Task"
    for element in root.iter():
        name = element.tag.removeprefix(TASK)
        assert [e.tag.removeprefix(TASK) for e in element] == KNOWN.get(name, [])
        if name not in KNOWN:
            text = element.text or ""
            pattern = VALUES.get(
                name, "true|false" if text in {"true", "false"} else ".+"
            )
            assert re.fullmatch(pattern, text), name
    ids = {e.get("id") for e in root.iter(f"{TASK}Principal")}
    assert {e.get("Context") for e in root.iter(f"{TASK}Actions")} == ids


def test_the_task_runs(recipe_env, tmp_path, command, sandbox):
    """Its arguments copy both resources, to a database and a log in its folder."""
    root = ET.parse(RECIPES / "sage200-sync.xml").getroot()
    (execute,) = root.iter(f"{TASK}Exec")
    program, arguments, _ = (element.text for element in execute)
    assert PureWindowsPath(program).stem == "sage200"
    folder = tmp_path.as_posix()
    words = [
        word.replace("C:/sage200", folder).replace("C:\\sage200\\", f"{folder}/")
        for word in arguments.split(" ")
    ]
    subprocess.run([command, *words], env=recipe_env, check=True, timeout=60)
    counts = {name: sandbox.store.count(name) for name in RESOURCES}
    assert rows(tmp_path / "copy.db") == counts
    assert (tmp_path / "sync.log").exists()


def test_the_script_is_powershell():
    """The script that registers the task has PowerShell's syntax, and names the file."""
    pytest.importorskip("tree_sitter_powershell", reason="no grammar of PowerShell")
    sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))
    from page_syntax import powershell_errors

    text = (RECIPES / "register-task.ps1").read_text("utf-8")
    assert powershell_errors(text) == []
    assert "Register-ScheduledTask" in text
    assert "sage200-sync.xml" in text
