"""`sage200 init` and `sage200 profiles`, against a sandbox."""

import json
import os
import re
import select
import subprocess
import sys
import threading
import urllib.request
import webbrowser
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import PasswordDeleteError
from msgspec.structs import replace

from sage200_async.cli import init as init_module
from sage200_async.profiles.file import read_profiles
from sage200_async.sandbox import Behaviour

SECRET = "sandbox-secret"
OTHER_EDITION = Behaviour(edition="standard")


class Keyring(KeyringBackend):
    """Entries in memory."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.entries = {}

    def get_password(self, service, username):
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        self.entries[service, username] = password

    def delete_password(self, service, username):
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError


class BrokenKeyring(Keyring):
    """A keyring that refuses one kind of entry, and shows it."""

    refused = "tokens"

    def set_password(self, service, username, password):
        if username == self.refused:
            raise OSError(f"refused {password}")
        super().set_password(service, username, password)


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch, tmp_path):
    """Set up a home folder of this test alone, on a machine without a keyring."""
    for name in ("XDG_CONFIG_HOME", "LOCALAPPDATA", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    system = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())
    yield
    keyring.set_keyring(system)


@pytest.fixture
def stored(tmp_path):
    """Return a function that returns the profiles as they are stored."""
    return lambda: read_profiles(tmp_path / "sage200" / "profiles.toml")


@pytest.fixture
def as_sage(monkeypatch):
    """Let a sandbox stand for Sage, and a thread for the browser."""

    def use(sandbox):
        settings, ask = sandbox.settings, init_module._ask
        names = ("base_url", "token_url", "authorization_url")
        urls = {name: getattr(settings, name) for name in names}

        def asked(*arguments):
            answers = ask(*arguments)
            return replace(answers, values=answers.values | urls)

        monkeypatch.setattr(init_module, "_ask", asked)

    def browse(url):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        threading.Thread(target=lambda: opener.open(url, timeout=20).close()).start()

    monkeypatch.setattr(webbrowser, "open", browse)
    return use


def test_from_nothing_to_a_customer(sage200, serving, stored):
    """Two commands lead from an empty folder to a customer of a sandbox."""
    with serving(records={"customers": 3}) as (sandbox, _):
        done = sage200("init", "--sandbox", sandbox.url)
        assert "company        Sandbox Trading Ltd (7)" in done.stdout
        assert "next: sage200 query customers --top 5" in done.stdout
        rows = sage200("query", "customers", "--top", "1", "--format", "ndjson")
        assert json.loads(rows.stdout)["id"]
        assert "* " in sage200("profiles").stdout
        sage200("doctor")
    assert stored().chosen == "default"


def test_a_sandbox_that_is_not_running(sage200, stored):
    """Without a sandbox, the error names the command that starts one."""
    done = sage200("init", "--sandbox", "http://127.0.0.1:9", code=1)
    assert "`sage200 sandbox --port 8200`" in done.stderr
    assert stored().profiles == {}


def test_a_sandbox_that_asks_a_person(sage200, serving, as_sage, stored):
    """A sandbox with a page of consent is signed in to by the browser, like Sage."""
    behaviour = Behaviour(consent="ask")
    with serving(records={"customers": 3}, behaviour=behaviour) as (sandbox, _):
        done = sage200("init", "--sandbox", sandbox.url, "--timeout", "0.2", code=1)
    assert "the browser did not come back" in done.stderr
    assert stored().profiles == {}


def test_a_client_of_sage(sage200, serving, as_sage, stored, tmp_path):
    """Options, a file with the secret and a browser make a profile that works."""
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n")
    with serving(records={"customers": 3}) as (sandbox, _):
        as_sage(sandbox)
        client = ("--client-id", "sandbox-client", "--client-secret-file", str(secret))
        company = ("--company", "7", "--profile", "main", "--secrets", "file")
        done = sage200("init", *client, *company)
        assert "profile        main, in" in done.stdout
        sage200("query", "customers", "--top", "1")
    values = stored().profiles["main"]
    assert values["client_secret"] == SECRET
    assert (values["site"], values["company"]) == (sandbox.settings.site, "7")
    if os.name == "posix":
        modes = [
            path.stat().st_mode & 0o777 for path in (tmp_path / "sage200").iterdir()
        ]
        assert set(modes) == {0o600}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_secret_that_another_program_saved(
    sage200, serving, as_sage, tmp_path, encoding
):
    """The file with the secret may be one of Notepad or PowerShell."""
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n", encoding)
    with serving(records={"customers": 3}) as (sandbox, _):
        as_sage(sandbox)
        client = ("--client-id", "sandbox-client", "--client-secret-file", str(secret))
        sage200("init", *client, "--company", "7", "--secrets", "file")
    text = (tmp_path / "sage200" / "profiles.toml").read_text("utf-8")
    assert f'client_secret = "{SECRET}"' in text


def test_a_secret_that_is_no_text(sage200, tmp_path):
    """A file of other bytes is named, and nothing of it shown."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"hush\xff\xfe")
    client = ("--client-id", "c", "--client-secret-file", str(secret))
    done = sage200("init", *client, "--secrets", "file", code=2)
    assert "secret: cannot be read as text" in done.stderr


def test_secrets_in_the_keyring(sage200, serving, as_sage, stored, tmp_path):
    """With a keyring, no file holds the secret or a token; removing clears all."""
    backend = Keyring()
    keyring.set_keyring(backend)
    with serving(records={"customers": 3}) as (sandbox, _):
        as_sage(sandbox)
        options = ("--client-id", "sandbox-client", "--company", "7")
        done = sage200("init", *options, env={"SAGE200_CLIENT_SECRET": SECRET})
        note = "SAGE200_CLIENT_SECRET in the environment: profiles are not used"
        assert note in done.stderr
        sage200("query", "customers", "--top", "1")
        assert "in the keyring" in sage200("profiles").stdout
    assert backend.entries["sage200-async:default", "client_secret"] == SECRET
    texts = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [text for text in texts if SECRET in text or "access_token" in text]
    sage200("profiles", "remove", "default")
    assert backend.entries == {}
    assert stored().profiles == {}


def test_no_secret_goes_into_a_file_without_consent(sage200, stored):
    """Without a keyring and without --secrets file, nothing is asked of Sage or stored."""
    done = sage200("init", "--client-id", "c", code=2)
    assert (
        "no keyring to use here: this machine has none. --secrets file" in done.stderr
    )
    assert stored().profiles == {}


@pytest.mark.parametrize("entry", ["tokens", "client_secret"])
def test_a_keyring_that_refuses(sage200, serving, as_sage, monkeypatch, entry):
    """A keyring that fails is named, with the option that does without it."""
    keyring.set_keyring(BrokenKeyring())
    monkeypatch.setattr(BrokenKeyring, "refused", entry)
    with serving(records={"customers": 3}) as (sandbox, _):
        as_sage(sandbox)
        env = {"SAGE200_CLIENT_SECRET": SECRET}
        code = {"tokens": 1, "client_secret": 2}[entry]
        done = sage200("init", "--client-id", "sandbox-client", env=env, code=code)
    assert "keyring failed with OSError" in done.stderr
    assert {"tokens": "file://", "client_secret": "--secrets file"}[
        entry
    ] in done.stderr
    assert SECRET not in done.stderr


def test_the_edition_is_the_one_that_lists_companies(sage200, serving, as_sage, stored):
    """Without --edition the one that the service has is looked for, and saved."""
    with serving(records={"customers": 3}, behaviour=OTHER_EDITION) as (sandbox, _):
        sage200("init", "--sandbox", sandbox.url, "--edition", "standard")
        assert stored().profiles["default"]["edition"] == "standard"
        done = sage200("init", "--sandbox", sandbox.url, "--overwrite", code=1)
        assert "The profile 'default' is as it was" in done.stderr
        assert stored().profiles["default"]["edition"] == "standard"
        new = ("--sandbox", sandbox.url, "--profile", "new")
        done = sage200("init", *new, code=1)
    assert "saved without a company: `sage200 doctor --profile new`" in done.stderr


def test_what_is_missing_without_a_terminal(sage200, serving):
    """Each thing that would be asked for names its option instead."""
    assert "--client-id is missing" in sage200("init", code=2).stderr
    with serving(records={"customers": 3}) as (sandbox, _):
        sage200("init", "--sandbox", sandbox.url)
        again = sage200("init", "--sandbox", sandbox.url, code=2)
        assert "pass --overwrite to replace it" in again.stderr
        wrong = ("--company", "99", "--overwrite")
        done = sage200("init", "--sandbox", sandbox.url, *wrong, code=2)
    assert "Sage lists no company 99" in done.stderr
    assert "Sandbox Ireland Ltd" in done.stderr


def test_several_companies_without_a_terminal(sage200, serving, as_sage):
    """Several companies are listed, with the options that choose one."""
    with serving(records={"customers": 3}) as (sandbox, _):
        as_sage(sandbox)
        options = ("--client-id", "sandbox-client", "--secrets", "file")
        done = sage200("init", *options, code=2)
    assert "1  7        Sandbox Trading Ltd" in done.stderr
    assert "again with --site and --company" in done.stderr


def test_no_companies(sage200, serving, stored):
    """A tunnel that is down leaves a profile that `doctor` can examine."""
    with serving(behaviour=Behaviour(empty_sites=True)) as (sandbox, _):
        done = sage200("init", "--sandbox", sandbox.url, code=1)
        assert "Sage listed no companies" in done.stderr
        assert "site" not in stored().profiles["default"]
        report = json.loads(sage200("doctor", "--json", code=1).stdout)
        states = {check["check"]: check["status"] for check in report["checks"]}
        assert states["tunnel"] == "failed"
        sandbox.behaviour = Behaviour()
        sage200("init", "--sandbox", sandbox.url)
    assert stored().profiles["default"]["company"] == "7"


def test_other_settings_of_a_profile_stay(sage200, serving, stored, tmp_path):
    """What was set by hand, such as a time-out, is there after another `init`."""
    with serving(records={"customers": 3}) as (sandbox, _):
        sage200("init", "--sandbox", sandbox.url)
        path = tmp_path / "sage200" / "profiles.toml"
        path.write_text(path.read_text() + "read_timeout = 9.0\n")
        sage200("init", "--sandbox", sandbox.url, "--company", "8", "--overwrite")
    values = stored().profiles["default"]
    assert (values["read_timeout"], values["company"]) == (9.0, "8")


def test_a_profile_that_works_is_replaced_at_the_end(
    sage200, serving, stored, tmp_path
):
    """If `init` of a finished profile fails, the profile and its tokens are as before."""
    tokens = tmp_path / "sage200" / "tokens-default.json"
    with serving(records={"customers": 3}) as (sandbox, _):
        sage200("init", "--sandbox", sandbox.url)
        before, token = stored().profiles, tokens.read_bytes()
        wrong = ("--overwrite", "--company", "99")
        done = sage200("init", "--sandbox", sandbox.url, *wrong, code=2)
        assert (stored().profiles, tokens.read_bytes()) == (before, token)
        assert "The profile 'default' is as it was" in done.stderr
        sage200("query", "customers", "--top", "1")
        sage200("init", "--sandbox", sandbox.url, "--overwrite", "--company", "8")
        assert stored().profiles["default"]["company"] == "8"
        assert tokens.read_bytes() != token
        sage200("query", "customers", "--top", "1")


def test_signing_in_uses_the_proxy_that_commands_use(
    sage200, serving, stored, tmp_path
):
    """`init` connects as all commands do: by the variables, else by the profile."""
    with serving(records={"customers": 3}) as (sandbox, _):
        proxy = {"SAGE200_PROXY": "http://127.0.0.1:9"}
        done = sage200("init", "--sandbox", sandbox.url, env=proxy, code=1)
        assert "Nothing is saved" in done.stderr
        sage200("init", "--sandbox", sandbox.url)
        path = tmp_path / "sage200" / "profiles.toml"
        path.write_text(path.read_text() + 'proxy = "http://127.0.0.1:9"\n')
        sage200("init", "--sandbox", sandbox.url, "--overwrite", code=1)
        direct = {"SAGE200_PROXY": "direct"}
        sage200("init", "--sandbox", sandbox.url, "--overwrite", env=direct)
    assert stored().profiles["default"]["proxy"] == "http://127.0.0.1:9"


def test_a_client_id_that_is_no_text(sage200, stored):
    """A client id of bytes that are no text is refused before anything is asked."""
    done = sage200("init", "--client-id", "\udcff", "--secrets", "file", code=2)
    assert "client_id: " in done.stderr
    assert stored().profiles == {}


def test_what_was_set_by_hand_for_a_client_stays(
    sage200, serving, as_sage, stored, tmp_path
):
    """Keys, addresses and a store stay for the same client, and refuse another one."""
    path = tmp_path / "sage200" / "profiles.toml"
    path.parent.mkdir()
    store = (tmp_path / "other" / "t.json").as_uri()
    with serving(records={"customers": 3}) as (sandbox, _):
        names = ("base_url", "token_url", "authorization_url")
        by_hand = {name: getattr(sandbox.settings, name) for name in names}
        by_hand |= {"token_store": store, "subscription_key": "key"}
        lines = [f'{name} = "{value}"' for name, value in by_hand.items()]
        lines += ['client_id = "sandbox-client"', 'site = "s"', 'company = "1"']
        another = [
            "[profiles.other]",
            'client_id = "ours"',
            'base_url = "https://lan/"',
        ]
        path.write_text("\n".join(["[profiles.lan]", *lines, *another]))
        path.chmod(0o600)
        options = ("--secrets", "file", "--overwrite", "--timeout", "9", "--profile")
        done = sage200("init", *options, "other", "--client-id", "theirs", code=2)
        assert "'other' has base_url for the client 'ours'" in done.stderr
        own = ("--client-id", "sandbox-client", "--company", "7")
        as_sage(sandbox)  # for the browser
        sage200("init", *options, "lan", *own, env={"SAGE200_CLIENT_SECRET": SECRET})
    values = stored().profiles["lan"]
    assert values["company"] == "7"
    assert {name: values[name] for name in by_hand} == by_hand
    assert "access_token" in (tmp_path / "other" / "t.json").read_text()


@pytest.mark.skipif(os.name != "posix", reason="a pipe that nobody reads, of POSIX")
def test_what_cannot_be_printed_loses_no_profile(serving, stored):
    """With an output that nobody reads, the profile is saved all the same."""
    with serving(records={"customers": 3}) as (sandbox, _):
        command = [sys.executable, "-m", "sage200_async.cli", "init", "--sandbox"]
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer) as output:
            subprocess.run([*command, sandbox.url], stdout=output, check=True)
    assert stored().profiles["default"]["company"] == "7"


def test_several_profiles(sage200, serving, stored):
    """Profiles are chosen by --profile, by the variable, and by `profiles use`."""
    with serving(records={"customers": 3}) as (sandbox, _):
        sage200("init", "--sandbox", sandbox.url)
        second = ("--company", "7", "--profile", "ireland")
        done = sage200("init", "--sandbox", sandbox.url, *second)
        assert "next: sage200 query customers --top 5 --profile ireland" in done.stdout

        def company(*options, **env):
            listed = sage200("profiles", env=env).stdout if not options else ""
            report = json.loads(sage200("whoami", "--json", *options, env=env).stdout)
            assert report["sites"]
            return re.findall(r"^\*\s+(\S+)", listed, re.MULTILINE)

        assert company() == ["default"]
        assert company(SAGE200_PROFILE="ireland") == ["ireland"]
        assert "ireland is the default" in sage200("profiles", "use", "ireland").stdout
        assert company() == ["ireland"]
        company("--profile", "default")
        wrong = sage200("whoami", "--profile", "irleand", code=2)
        assert "There is no profile 'irleand'" in wrong.stderr
        assert (
            "it has default, ireland" in sage200("profiles", "use", "x", code=2).stderr
        )
        both = {"SAGE200_PROFILE": "ireland", "SAGE200_SITE": "s"}
        listed = sage200("profiles", env=both)
        assert "ireland" in listed.stdout
        assert "note: The profile 'ireland' is named, and SAGE200_SITE" in listed.stderr
        alike = ("--profile", "Ireland")
        done = sage200("init", "--sandbox", sandbox.url, *alike, code=2)
        assert "differs from 'Ireland' only in capital letters" in done.stderr
        sage200("profiles", "remove", "ireland")
    assert sorted(stored().profiles) == ["default"]


def test_an_empty_name_of_a_profile(sage200, stored):
    """An option that a script left empty is no choice of the default profile."""
    for command in (("whoami",), ("init", "--client-id", "c")):
        done = sage200(*command, "--profile", "", code=2)
        assert "'--profile': expected a name, got nothing" in done.stderr


def test_no_profiles(sage200):
    """Without profiles, the command that makes one is named."""
    assert "`sage200 init` makes one" in sage200("profiles").stderr
    assert "it has none" in sage200("profiles", "remove", "x", code=2).stderr


def test_removing_clears_the_tokens(sage200, serving, tmp_path):
    """Of a profile that is removed, no file holds a token or a secret."""
    with serving(records={"customers": 3}) as (sandbox, _):
        sage200("init", "--sandbox", sandbox.url)
    assert (tmp_path / "sage200" / "tokens-default.json").exists()
    sage200("profiles", "remove", "default")
    texts = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [text for text in texts if SECRET in text or "token" in text]


def test_removing_a_profile_of_a_shared_store(sage200, tmp_path, stored):
    """Tokens in a store that others may share are left, and a note says so."""
    path = tmp_path / "sage200" / "profiles.toml"
    path.parent.mkdir()
    path.write_text("[profiles.main]\ntoken_store = 'redis://127.0.0.1:9/0'\n")
    assert "may be shared" in sage200("profiles", "remove", "main").stderr
    assert stored().profiles == {}


def test_removing_keeps_tokens_that_another_profile_uses(sage200, tmp_path, stored):
    """A file of tokens that two profiles name, or that is none of ours, stays."""
    path = tmp_path / "sage200" / "profiles.toml"
    path.parent.mkdir()
    shared, own = tmp_path / "shared.json", tmp_path / "sage200" / "tokens-a.json"
    for file in (shared, own):
        file.write_text('{"refresh_token":"r"}')
        file.chmod(0o600)
    path.write_text(
        f"[profiles.a]\ntoken_store = '{own.as_uri()}'\n"
        f"[profiles.b]\ntoken_store = '{own.as_uri()}'\n"
        f"[profiles.c]\ntoken_store = '{shared.as_uri()}'\n"
    )
    assert "another profile uses" in sage200("profiles", "remove", "a").stderr
    assert "may be shared" in sage200("profiles", "remove", "c").stderr
    assert own.exists()
    assert shared.exists()
    assert sorted(stored().profiles) == ["b"]


def test_removing_without_the_keyring(sage200, tmp_path, stored):
    """A profile whose keyring is gone can be removed, and what stays is named."""
    path = tmp_path / "sage200" / "profiles.toml"
    path.parent.mkdir()
    path.write_text(
        "[profiles.a]\ntoken_store = 'keyring://a'\nsecret_in_keyring = true\n"
    )
    done = sage200("profiles", "remove", "a")
    assert "its secret in the keyring stays: this machine has none" in done.stderr
    assert "its tokens in the keyring stay" in done.stderr
    assert stored().profiles == {}


def test_from_the_keyring_to_files(sage200, serving, as_sage, stored):
    """A profile whose secrets go into files leaves none in the keyring."""
    backend = Keyring()
    keyring.set_keyring(backend)
    with serving(records={"customers": 3}) as (sandbox, _):
        as_sage(sandbox)
        options = ("--client-id", "sandbox-client", "--company", "7", "--overwrite")
        env = {"SAGE200_CLIENT_SECRET": SECRET}
        sage200("init", *options, env=env)
        assert backend.entries
        sage200("init", *options, "--secrets", "file", env=env)
    assert backend.entries == {}
    assert stored().profiles["default"]["client_secret"] == SECRET


SAVES = """
import sys
from sage200_async.cli.profiles import save_profile
for number in range(5):
    save_profile(f"{sys.argv[1]}-{number}", {"client_id": "c"}, "s", keyring=False)
"""


def test_profiles_saved_at_once(stored):
    """Of profiles that several processes save at once, none is lost."""
    started = [
        subprocess.Popen([sys.executable, "-c", SAVES, f"p{number}"])
        for number in range(3)
    ]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert len(stored().profiles) == 15


def test_login_with_a_profile(sage200, serving, tmp_path):
    """`logout` and other commands use the tokens of the profile."""
    with serving(records={"customers": 3}) as (sandbox, _):
        sage200("init", "--sandbox", sandbox.url)
        tokens = tmp_path / "sage200" / "tokens-default.json"
        assert f"tokens deleted from {tokens}" in sage200("logout").stdout
        done = sage200("query", "customers", code=4)
    assert "Not signed in. Run `sage200 login`" in done.stderr


def test_a_company_that_is_none_of_the_rows(sage200, serving):
    """`whoami` prints the companies also when the one that is set is none of them."""
    with serving(records={"customers": 3}) as (_, env):
        wrong = env | {"SAGE200_COMPANY": "99"}
        done = sage200("whoami", env=wrong, code=2)
        assert "Sandbox Trading Ltd" in done.stdout
        assert "Company 99 of site" in done.stderr
        as_json = sage200("whoami", "--json", env=wrong, code=2).stdout
        assert [row["company_id"] for row in json.loads(as_json)["sites"]] == [7, 8]
        assert json.loads(as_json)["user"] is None


def test_a_user_who_may_not_be_asked(sage200, serving):
    """`whoami` prints the companies also when the user's role refuses the rest."""
    behaviour = Behaviour(forbidden=frozenset({"current_user"}))
    with serving(records={"customers": 3}, behaviour=behaviour) as (_, env):
        done = sage200("whoami", env=env, code=1)
    assert "Sandbox Trading Ltd" in done.stdout
    assert "403" in done.stderr


def test_the_environment_without_a_client_beside_a_profile(sage200, serving):
    """Where variables hide the profiles and are not enough, a note says so."""
    with serving(records={"customers": 3}) as (sandbox, _):
        sage200("init", "--sandbox", sandbox.url)
        done = sage200("whoami", env={"SAGE200_SITE": "s"}, code=4)
        quiet = sage200("whoami", "--quiet", env={"SAGE200_SITE": "s"}, code=4)
    assert "note: SAGE200_SITE in the environment, so the profiles in" in done.stderr
    assert "note:" not in quiet.stderr


def test_the_environment_without_a_company_beside_a_profile(sage200, serving):
    """A client id or a token that is left over hides the company of a profile."""
    with serving(records={"customers": 3}) as (sandbox, env):
        sage200("init", "--sandbox", sandbox.url)
        for left in ("SAGE200_CLIENT_ID", "SAGE200_ACCESS_TOKEN", "SAGE200_SITE"):
            rest = {"SAGE200_BASE_URL": env["SAGE200_BASE_URL"], left: "x"}
            done = sage200("query", "customers", env=rest, code=2)
            assert left in done.stderr
            assert "in the environment, so the profiles in" in done.stderr
        whole = sage200("query", "customers", "--top", "1", env=env)
    assert "note:" not in whole.stderr


DIALOGUE = """
import os, sys, threading, urllib.request, webbrowser
import keyring
from keyring.backends import fail
from msgspec.structs import replace
from sage200_async.cli import init
from sage200_async.cli.app import run
keyring.set_keyring(fail.Keyring())
url, ask = sys.argv.pop(), init._ask
def asked(*arguments):
    answers = ask(*arguments)
    own = {"base_url": url + "/uk/sage200extra/accounts/v1/",
           "token_url": url + "/oauth/token", "authorization_url": url + "/authorize"}
    return replace(answers, values=answers.values | own)
init._ask = asked
def browse(address):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    threading.Thread(target=lambda: opener.open(address, timeout=20).close()).start()
webbrowser.open = browse
sys.exit(run())
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no pseudo-terminals")
def test_a_dialogue(serving, stored, tmp_path):
    """At a terminal each thing is asked for, the secret is not shown, and a row chosen."""
    import pty

    master, slave = pty.openpty()
    with serving(records={"customers": 3}) as (sandbox, _):
        command = [sys.executable, "-c", DIALOGUE, "init", sandbox.url]
        process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        shown = ""
        for prompt, answer in (
            ("Client id:", "sandbox-client"),
            ("for a desktop client): ", SECRET),  # the space: echo is off from here
            ("only you can read? [y/N]:", "y"),
            ("Which row (1 to 2):", "3"),
            ("Which row (1 to 2):", "2"),
        ):
            shown += _read_until(master, prompt)
            os.write(master, f"{answer}\n".encode())
        shown += _read_until(master, "sage200 doctor")
        assert process.wait(30) == 0
    os.close(master)
    assert "developer.sage.com/200/guides/authenticating" in shown
    assert SECRET not in shown
    assert stored().profiles["default"]["company"] == "8"


def _read_until(master, text):
    shown = ""
    while text not in shown:
        ready, _, _ = select.select([master], [], [], 60)
        assert ready, f"nothing more for a minute: {shown}"
        shown += os.read(master, 4096).decode(errors="replace")
    return shown


def test_where_the_profile_is(tmp_path, stored):
    """The file of profiles lies in the user's configuration folder."""
    assert stored().path == Path(tmp_path) / "sage200" / "profiles.toml"
