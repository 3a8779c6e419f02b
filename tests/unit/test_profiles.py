"""Where settings come from: the environment or one profile, never both."""

import logging
import os
import string
import sys
import tomllib
import traceback
from pathlib import Path

import keyring
import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backends import fail, null

from sage200_async import Sage200Client, Settings, _private_files
from sage200_async.errors import MissingExtra, SettingsError
from sage200_async.profiles.file import ProfileFile, read_profiles, write_profiles
from sage200_async.profiles.folder import config_folder, profiles_path, token_path
from sage200_async.profiles.source import IDENTITY, IN_KEYRING, find_source, values_of

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no file modes")
MAIN = {"client_id": "main-client", "site": "main-site", "company": "7"}
OTHER = {"client_id": "other-client", "site": "other-site", "company": "8"}


@pytest.fixture
def environ(tmp_path):
    """Return an environment whose configuration folder is empty."""
    return {"XDG_CONFIG_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}


@pytest.fixture
def write(environ):
    """Return a function that writes the file of profiles."""

    def write(default="", **profiles):
        path = profiles_path(environ)
        write_profiles(ProfileFile(path, profiles, default))
        return path

    return write


def test_the_environment_alone(environ, write):
    """With one variable that names a company, no profile adds what is missing."""
    write(default="main", main=MAIN)
    settings = Settings.load(environ=environ | {"SAGE200_CLIENT_ID": "of-the-service"})
    assert (settings.client_id, settings.site, settings.company) == (
        "of-the-service",
        "",
        "",
    )
    assert "tokens-main" not in settings.token_store


@pytest.mark.parametrize("name", IDENTITY)
def test_no_variable_is_mixed_with_a_profile(environ, write, name):
    """Whichever of them is set, the environment is the source of all of them."""
    write(default="main", main=MAIN)
    text = {"edition": "standard", "allow_insecure_http": "true"}.get(name, "3")
    text = "http://127.0.0.1/" if name.endswith("url") else text
    variable = f"SAGE200_{name.upper()}"
    settings = Settings.load(environ=environ | {variable: text})
    held = {settings.client_id, settings.site, settings.company}
    assert held & {*MAIN.values()} == set()
    for named in ({"SAGE200_PROFILE": "main"}, {}):
        with pytest.raises(SettingsError, match=f"'main' is named.*{variable}"):
            Settings.load(
                None if named else "main", environ=environ | named | {variable: text}
            )


def test_a_profile_whose_tokens_cannot_be_read_says_what_to_install(
    environ, write, monkeypatch
):
    """Without filelock to sign in again would not help; a service may need no file."""
    monkeypatch.setitem(sys.modules, "filelock", None)
    write(default="main", main=MAIN)
    with pytest.raises(MissingExtra, match="pip install 'sage200-async\\[file\\]'"):
        Sage200Client(Settings.load(environ=environ))
    service = Settings.load(environ=environ | {"SAGE200_CLIENT_ID": "of-the-service"})
    assert service.token_store == "memory://"


@pytest.mark.parametrize("name", [*IDENTITY, "profile"])
@pytest.mark.parametrize("spelling", [str.lower, str.title])
def test_a_variable_in_small_letters_is_refused(environ, write, name, spelling):
    """A variable in other letters than capitals leads to no other company: it is refused."""
    write(default="main", main=MAIN, other=OTHER)
    for variable in ("SAGE200_" + spelling(name), spelling(f"sage200_{name}")):
        for profile in (None, "main", "none"):
            with pytest.raises(SettingsError, match=f"{variable} is not a setting"):
                variables = {variable: "8", "SAGE200_PAGE_SIZE": "9"}
                if profile == "none":
                    variables["SAGE200_CLIENT_ID"] = "c"
                Settings.load(profile, environ=environ | variables)


def test_a_profile_takes_no_company_from_the_environment(environ, write):
    """Also if the source was decided before, no variable of a company is mixed with it."""
    write(main=MAIN)
    source = find_source(environ)
    with pytest.raises(SettingsError, match="SAGE200_COMPANY is set as well"):
        values_of(
            source, environ | {"SAGE200_COMPANY": "8"}, {"company": (str, "text")}
        )


def test_a_profile(environ, write, caplog):
    """Without such a variable the default profile is used, and the log says so."""
    caplog.set_level(logging.INFO, "sage200_async")
    path = write(default="main", main=MAIN, other=OTHER)
    settings = Settings.load(environ=environ | {"SAGE200_SITE": ""})
    tokens = token_path(environ, "main").as_uri()
    assert settings == Settings(**MAIN, token_store=tokens)
    assert caplog.messages == [f"settings come from profile 'main' of {path}"]
    assert Settings.load("other", environ=environ).site == "other-site"
    chosen = environ | {"SAGE200_PROFILE": "other"}
    assert Settings.load(environ=chosen).site == "other-site"
    assert Settings.load("main", environ=chosen).site == "main-site"


def test_profiles_can_be_turned_off(environ, write):
    """`none` as a profile leaves the environment alone, and empty it is an error."""
    write(default="main", main=MAIN)
    off = environ | {"SAGE200_PROFILE": "none"}
    with pytest.raises(SettingsError, match="SAGE200_PROFILE=none turns profiles off"):
        Settings.load(environ=off)
    assert Settings.load(environ=off | {"SAGE200_SITE": "s"}).site == "s"
    assert Settings.load("none", environ=environ | {"SAGE200_SITE": "s"}).site == "s"


def test_nothing_is_set(environ):
    """Where nothing is set, the error names the command, the variables and the file."""
    with pytest.raises(SettingsError) as caught:
        Settings.load(environ=environ)
    message = str(caught.value)
    assert "Run `sage200 init`, or set SAGE200_CLIENT_ID" in message
    assert str(profiles_path(environ)) in message


def test_other_settings_are_those_of_the_environment_first(environ, write):
    """A time-out says nothing of a company: the variable precedes the profile."""
    write(main=MAIN | {"read_timeout": 5.0, "page_size": 100})
    settings = Settings.load(environ=environ | {"SAGE200_READ_TIMEOUT": "9"})
    assert (settings.site, settings.read_timeout, settings.page_size) == (
        "main-site",
        9.0,
        100,
    )


def test_one_of_several_profiles_has_to_be_named(environ, write):
    """Several profiles without a default are an error that lists them; one is used."""
    write(main=MAIN)
    assert Settings.load(environ=environ).site == "main-site"
    write(main=MAIN, other=OTHER)
    with pytest.raises(SettingsError, match="name one of main, other by --profile"):
        Settings.load(environ=environ)
    with pytest.raises(SettingsError, match=r"There is no profile 'mein'.*main, other"):
        Settings.load("mein", environ=environ)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("SAGE200_PROFLIE", "SAGE200_PROFILE"),
        ("SAGE200_PROFILES", "SAGE200_PROFILE"),
        ("SAGE200_SIET", "SAGE200_SITE"),
        ("SAGE200_COMPNAY", "SAGE200_COMPANY"),
    ],
)
def test_misspelled_variables(environ, write, name, nearest):
    """A misspelled variable is refused whatever the source is."""
    write(main=MAIN)
    with pytest.raises(SettingsError, match=f"Did you mean {nearest}"):
        Settings.load(environ=environ | {name: "main"})


@pytest.mark.parametrize("name", ["SAGE200_SERVICE_HOST", "SAGE200_PORT_443_TCP"])
def test_foreign_variables(environ, write, name):
    """Variables that Kubernetes sets are ignored beside a profile, too."""
    write(main=MAIN)
    settings = Settings.load(environ=environ | {name: "tcp://10.0.0.1:443"})
    assert settings.site == "main-site"


def test_something_in_a_profile_that_is_no_setting(environ, write):
    """A misspelled name in the file is refused, with the nearest and the file."""
    path = write(main=MAIN | {"compnay": 3})
    with pytest.raises(SettingsError) as caught:
        Settings.load(environ=environ)
    assert str(caught.value) == (
        f"compnay is not a setting (profile 'main' of {path}). Did you mean company?"
    )


def test_a_wrong_value_in_a_profile(environ, write):
    """A value that is refused names the profile and the file."""
    path = write(main=MAIN | {"edition": "pro"})
    with pytest.raises(SettingsError, match=f"edition: expected.*'main' of {path}"):
        Settings.load(environ=environ)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('client_secret = "hush-hush"\n= 3', "it is no TOML .at line 2"),
        (
            "version = 2\nx = 'hush-hush'",
            "its version is 2: install the newer sage200-async",
        ),
        ("profiles = 3", "expected a table"),
        ("[profiles]\nmain = 3", "expected a table"),
        ("default = 3", "expected a table"),
        ("[profiles.'../x']", "expected a name of letters"),
        ("[profiles.none]", "expected a name of letters"),
        ("x = " + "[" * 5_000, "it is no TOML"),
        ("x = " + "9" * 5_000, "it is no TOML"),
    ],
)
def test_a_file_that_is_no_file_of_profiles(environ, text, reason):
    """Such a file is an error that shows nothing of what is in it."""
    path = profiles_path(environ)
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(SettingsError, match=reason) as caught:
        Settings.load(environ=environ)
    assert "hush" not in str(caught.value)


@posix
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or not os.geteuid(), reason="root may read any file"
)
def test_a_file_that_may_not_be_read(environ, write):
    """A file without permission is an error that says how to do without it."""
    write(main=MAIN).chmod(0)
    with pytest.raises(SettingsError, match=r"Permission denied.*SAGE200_PROFILE=none"):
        Settings.load(environ=environ)


def test_a_folder_in_the_place_of_the_file(environ):
    """What is no file cannot be read, and is named."""
    profiles_path(environ).mkdir(parents=True)
    with pytest.raises(SettingsError, match="cannot be read"):
        find_source(environ)
    with pytest.raises(SettingsError, match="cannot be written"):
        write_profiles(ProfileFile(profiles_path(environ), {"main": MAIN}))


@posix
def test_the_file_is_private(environ, write, caplog):
    """Only its owner can read what is written, and a file that others read is named."""
    path = write(main=MAIN)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    assert Settings.load(environ=environ).site == "main-site"
    assert f"{path}: other users can read it. Run chmod 600 on it." in caplog.messages
    write(main=MAIN)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_replaced(environ, write, monkeypatch):
    """If writing fails the old profiles are still there, and no other file."""
    path = write(main=MAIN)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_private_files, "_sync", full)
    with pytest.raises(SettingsError, match="written: No space left on device"):
        write(other=OTHER)
    assert read_profiles(path).profiles == {"main": MAIN}
    assert list(path.parent.iterdir()) == [path]


texts = st.text(st.characters(exclude_categories=["Cs"]))
values = texts | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)


@given(
    st.dictionaries(
        names.filter(lambda name: name.lower() != "none"),
        st.dictionaries(
            st.text(string.ascii_lowercase, min_size=1), values | st.booleans()
        ),
    )
)
def test_a_round_trip(tmp_path_factory, profiles):
    """Whatever is written is read back as it was."""
    path = tmp_path_factory.getbasetemp() / "round-trip" / "profiles.toml"
    write_profiles(ProfileFile(path, profiles, next(iter(profiles), "")))
    assert read_profiles(path).profiles == profiles
    assert tomllib.loads(path.read_text("utf-8"))["version"] == 1


ODD = """
[other]
list = [1, "two", {three = 3}]
[profiles.main]
"my key" = 2026-11-28
at = 2026-11-28T06:00:00Z
point = {x = 1, y = {z = "q"}}
[profiles.main.notes]
who = "me"
"""


def test_what_is_no_setting_stays(environ):
    """Tables, dates and quoted keys that somebody added are there after a change."""
    path = profiles_path(environ)
    path.parent.mkdir()
    path.write_text(ODD)
    path.chmod(0o600)
    write_profiles(read_profiles(path).with_profile("other", OTHER))
    again, before = tomllib.loads(path.read_text("utf-8")), tomllib.loads(ODD)
    assert again["other"] == before["other"]
    assert again["profiles"] == before["profiles"] | {"other": OTHER}


@pytest.mark.parametrize("value", [float("nan"), object(), "\udcff"])
def test_what_cannot_be_written_leaves_the_file(environ, write, value):
    """A value that would not be read back as it is, is refused; the file stays."""
    path = write(main=MAIN)
    before = path.read_bytes()
    with pytest.raises(SettingsError, match="cannot be written"):
        write_profiles(read_profiles(path).with_profile("other", {"site": value}))
    assert path.read_bytes() == before


def test_a_file_with_a_mark(environ):
    """A file that Notepad saved, with a mark before UTF-8, is read."""
    path = profiles_path(environ)
    path.parent.mkdir()
    path.write_text("[profiles.main]\nsite = 's'", "utf-8-sig")
    assert Settings.load(environ=environ).site == "s"


@posix
def test_a_pipe_in_the_place_of_the_file(environ):
    """A pipe that nobody writes to is refused, and not waited for."""
    profiles_path(environ).parent.mkdir()
    os.mkfifo(profiles_path(environ))
    with pytest.raises(SettingsError, match="expected a file"):
        Settings.load(environ=environ)


def test_the_repr_shows_no_value(tmp_path):
    """The repr of a file of profiles shows neither secrets nor clients."""
    file = ProfileFile(tmp_path, {"main": {"client_secret": "hush-hush"}})
    assert "hush" not in repr(file) + str(file.__rich_repr__())


@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere platformdirs asks the system"
)
def test_the_folder_is_that_of_platformdirs(monkeypatch, tmp_path):
    """On Linux, the folder is the one that platformdirs names."""
    for environ in ({"HOME": str(tmp_path)}, {"XDG_CONFIG_HOME": str(tmp_path / "x")}):
        monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
        monkeypatch.delenv("LOCALAPPDATA", raising=False)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        ours = config_folder(os.environ)
        assert ours == platformdirs.user_config_path("sage200", appauthor=False)


@pytest.mark.parametrize(
    ("platform", "environ", "folder"),
    [
        ("linux", {"HOME": "/h"}, "/h/.config/sage200"),
        ("linux", {"HOME": "/h", "XDG_CONFIG_HOME": "x"}, "/h/.config/sage200"),
        ("linux", {"HOME": "/h", "XDG_CONFIG_HOME": "/x"}, "/x/sage200"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Application Support/sage200"),
        ("win32", {"HOME": "/h"}, "/h/AppData/Local/sage200"),
        ("win32", {"LOCALAPPDATA": "/l", "XDG_CONFIG_HOME": "/x"}, "/l/sage200"),
    ],
)
@posix
def test_the_folder_of_each_system(platform, environ, folder):
    """Linux, macOS and Windows each have their own folder."""
    assert config_folder(environ, platform) == Path(folder)


def test_a_user_without_a_home(monkeypatch):
    """Without a home folder the error says how to do without profiles."""

    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(SettingsError, match="SAGE200_PROFILE=none"):
        Settings.load(environ={})
    environ = {"SAGE200_SITE": "s", "SAGE200_ACCESS_TOKEN": "hush-token"}
    assert Settings.load(environ=environ).site == "s"


def test_tokens_that_login_stored(environ, write):
    """Without a token or a store, they are those of `login`: a file of the source."""
    write(main=MAIN)
    of_profile = Settings.load(environ=environ)
    assert of_profile.token_store == token_path(environ, "main").as_uri()
    environ["SAGE200_CLIENT_ID"] = "c"
    assert Settings.load(environ=environ).token_store == token_path(environ).as_uri()
    for name in ("ACCESS_TOKEN", "REFRESH_TOKEN"):
        settings = Settings.load(environ=environ | {f"SAGE200_{name}": "hush-token"})
        assert settings.token_store == "memory://"


class OneEntry(null.Keyring):
    """A keyring with one entry."""

    def get_password(self, service, username):
        entry = ("sage200-async:main", "client_secret")
        return "hush-hush" if (service, username) == entry else None


OneEntry.__module__ = __name__


class Broken(OneEntry):
    """A keyring whose program does not answer."""

    def get_password(self, service, username):
        raise OSError("hush-hush is in here")


@pytest.fixture
def use_keyring():
    """Return a function that replaces the system's keyring."""
    system = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(system)


def test_a_secret_in_the_keyring(environ, write, use_keyring):
    """The secret of a profile is read from the keyring, and not from the file."""
    path = write(main=MAIN | {IN_KEYRING: True})
    use_keyring(OneEntry())
    assert Settings.load(environ=environ).client_secret == "hush-hush"
    assert "hush" not in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        (fail.Keyring(), "this machine has none"),
        (null.Keyring(), "it is switched off"),
        (Broken(), "it failed with OSError"),
    ],
)
def test_a_keyring_that_is_gone(environ, write, use_keyring, backend, reason):
    """A keyring that cannot be read is an error that names the next command."""
    write(main=MAIN | {IN_KEYRING: True})
    use_keyring(backend)
    with pytest.raises(SettingsError, match=reason) as caught:
        Settings.load(environ=environ)
    assert "Run `sage200 init --profile main` again" in str(caught.value)


def test_an_entry_that_is_gone(environ, write, use_keyring):
    """An entry that was deleted is named, with the command that makes it anew."""
    write(other=OTHER | {IN_KEYRING: True})
    use_keyring(OneEntry())
    with pytest.raises(SettingsError, match=r"no such entry. Run `sage200 init"):
        Settings.load(environ=environ)


def test_a_file_without_a_secret_in_its_errors(environ, write):
    """A secret in a profile appears in no error about it."""
    write(main=MAIN | {"client_secret": "hush-hush", "read_timeout": -1.0})
    with pytest.raises(SettingsError, match="read_timeout") as caught:
        Settings.load(environ=environ)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("profile", "variables"),
    [
        ("main", {"SAGE200_CLIENT_SECRET": "hush-hush"}),
        ("other", {"SAGE200_PROXY": "http://user:hush-hush@proxy:1"}),
        ("none", {"OTHERS": "hush-hush"}),
        (None, {"SAGE200_PAGE_SIZE": "x", "OTHERS": "hush-hush"}),
    ],
)
@pytest.mark.parametrize("call", [Settings.load, find_source])
def test_no_frame_of_an_error_has_a_variable(environ, write, profile, variables, call):
    """No traceback of settings that cannot be loaded shows what else is in the environment."""
    write(main=MAIN | {"client_secret": "hush-in-file"})
    variables = environ | variables
    with pytest.raises(SettingsError) as caught:
        if call is Settings.load or variables.get("OTHERS"):
            Settings.load(profile, environ=variables)
        find_source(variables, profile)
    own = caught.value.__traceback__.tb_next
    shown = traceback.TracebackException(
        SettingsError, caught.value, own, capture_locals=True
    )
    assert caught.value.__context__ is None
    assert "hush" not in "".join(shown.format())
