"""Which source settings have: the environment, or a profile; never a mixture."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct

from sage200_async import _keyring
from sage200_async._environment import misspelling, values_in
from sage200_async.errors import SettingsError
from sage200_async.errors.base import bare
from sage200_async.profiles.file import RESERVED, read_profiles
from sage200_async.profiles.folder import profiles_path, token_path

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE: Final = "SAGE200_PROFILE"
IDENTITY: Final = (
    "client_id",
    "client_secret",
    "refresh_token",
    "access_token",
    "subscription_key",
    "secondary_subscription_key",
    "site",
    "company",
    "edition",
    "base_url",
    "authorization_url",
    "token_url",
    "allow_insecure_http",
    "token_store",
)
"""What decides whose company is read and written: all from one source. Of other
settings, such as time-outs, a variable of the environment precedes the profile."""
IN_KEYRING: Final = "secret_in_keyring"
"""Set in a profile whose client secret is in the keyring."""
_TOKENS: Final = ("refresh_token", "access_token", "token_store")
SECRET: Final = "client_secret"  # noqa: S105 - the name of a setting


class Source(Struct, frozen=True):
    """Where settings come from."""

    kind: Literal["environment", "profile", "nothing"]
    variables: tuple[str, ...] = ()
    """Of the environment, those that decide whose company it is."""
    profile: str = ""
    path: str = ""
    """The file of profiles."""

    def __str__(self) -> str:
        if self.kind == "profile":
            return f"profile {self.profile!r} of {self.path}"
        return ", ".join(self.variables) or "nowhere"


def find_source(environ: Mapping[str, str], profile: str | None = None) -> Source:
    """Return where settings come from.

    The profile that is named, by *profile* or by ``SAGE200_PROFILE``; else the
    environment, if a variable of `IDENTITY` is set; else the default profile.

    Args:
        environ: Variables and their texts; an empty one counts as unset.
        profile: A profile's name; ``none`` for the environment.

    Raises:
        SettingsError: A profile is named although such a variable is set, there is
            no such profile, or the file cannot be read.
    """
    try:
        return _find(environ, profile)
    except SettingsError as error:
        failure = bare(error)
    del environ
    raise failure  # without the frames whose variables are settings


def _find(environ: Mapping[str, str], profile: str | None) -> Source:
    named = profile or environ.get(VARIABLE, "")
    names = (f"SAGE200_{name.upper()}" for name in IDENTITY)
    variables = tuple(name for name in names if environ.get(name))
    if named == RESERVED or (variables and not named):
        return Source("environment" if variables else "nothing", variables)
    if variables:
        raise _mixture(named, variables)
    file = read_profiles(profiles_path(environ))
    path = str(file.path)
    if not file.profiles and not named:
        return Source("nothing", path=path)
    name = named or file.chosen
    if name not in file.profiles:
        raise _no_such_profile(name, path, sorted(file.profiles))
    return Source("profile", profile=name, path=path)


def values_of(
    source: Source, environ: Mapping[str, str], kinds: Mapping[str, tuple[Any, str]]
) -> dict[str, Any]:
    """Return the settings of *source*, by their names.

    Without a token, and without a store, they are those of ``sage200 login``.

    Args:
        source: From `find_source`.
        environ: Variables and their texts.
        kinds: The type of each setting, and the words for it in a message.

    Raises:
        SettingsError: A variable is misspelled or malformed, the profile has
            something that is no setting, or its secret is not in the keyring.
    """
    values = values_in(environ, kinds)
    if source.kind == "profile":
        mixed = tuple(f"SAGE200_{name.upper()}" for name in IDENTITY if name in values)
        if mixed:
            raise _mixture(source.profile, mixed)
        values = _profile_values(source, kinds) | values
    has_file = source.kind == "profile" or (
        source.kind == "environment" and find_spec("filelock")
    )
    if has_file and not any(map(values.get, _TOKENS)):
        values["token_store"] = token_path(environ, source.profile).as_uri()
    return values


def other_values(
    environ: Mapping[str, str], kinds: Mapping[str, tuple[Any, str]]
) -> dict[str, Any]:
    """Return the settings of *environ* that say nothing of a company, such as a proxy.

    Raises:
        SettingsError: A variable is misspelled or malformed.
    """
    try:
        values = values_in(environ, kinds)
    except SettingsError as error:
        failure = bare(error)
    else:
        return {name: values[name] for name in values.keys() - IDENTITY}
    del environ
    raise failure  # without the frames whose variables are settings


def require_source(environ: Mapping[str, str], profile: str | None) -> Source:
    """Return where settings come from, as `find_source` does.

    Raises:
        SettingsError: They come from nowhere, or `find_source` raises.
    """
    source = find_source(environ, profile)
    if source.kind != "nothing":
        return source
    where = f"{VARIABLE}={RESERVED} turns profiles off"
    if source.path:
        where = f"there is no profile in {source.path}"
    message = (
        f"No settings: no SAGE200_* variable says which company it is, and {where}. Run "
        "`sage200 init`, or set SAGE200_CLIENT_ID, SAGE200_SITE and SAGE200_COMPANY."
    )
    raise SettingsError(message, name="client_id")


def in_source(source: Source | None, error: SettingsError) -> SettingsError:
    """Return *error*, with the profile that it is about."""
    message = str(error)
    if source and source.kind == "profile" and not message.startswith("SAGE200_"):
        message += "" if source.path in message else f" ({source})"
    return SettingsError(message, name=error.name)


def _profile_values(
    source: Source, kinds: Mapping[str, tuple[Any, str]]
) -> dict[str, Any]:
    values = dict(read_profiles(Path(source.path)).profiles[source.profile])
    in_keyring = values.pop(IN_KEYRING, False)
    for name in values.keys() - kinds.keys():
        nearest = misspelling(name, kinds)
        hint = f" Did you mean {nearest}?" if nearest else ""
        raise SettingsError(f"{name} is not a setting ({source}).{hint}", name=name)
    if in_keyring:
        values[SECRET] = _secret_in_keyring(source)
    return values


def _secret_in_keyring(source: Source) -> str:
    failure = _keyring.why_unusable()
    if not failure:
        try:
            secret = _keyring.get(_keyring.service_of(source.profile), SECRET)
        except Exception as error:  # noqa: BLE001 - backends raise errors of their own
            failure = f"it failed with {type(error).__name__}"
        else:
            if secret:
                return secret
            failure = "it has no such entry"
    raise SettingsError(
        f"The client secret of {source} is in the keyring, which cannot be used: "
        f"{failure}. Run `sage200 init --profile {source.profile}` again.",
        name=SECRET,
    )


def _mixture(profile: str, variables: tuple[str, ...]) -> SettingsError:
    message = (
        f"The profile {profile!r} is named, and {' and '.join(variables)} "
        f"{'is' if len(variables) == 1 else 'are'} set as well. Settings come from one "
        "source, so that none leads to another company: unset "
        f"{'it' if len(variables) == 1 else 'them'}, or name no profile "
        f"({VARIABLE}={RESERVED})."
    )
    return SettingsError(message, name="profile")


def _no_such_profile(name: str, path: str, names: list[str]) -> SettingsError:
    if not name:
        message = (
            f"{path} has several profiles, and none is the default: name one of "
            f"{', '.join(names)} by --profile or {VARIABLE}, or run `sage200 profiles use NAME`."
        )
        return SettingsError(message, name="profile")
    listed = f"it has {', '.join(names)}" if names else "it has none"
    message = (
        f"There is no profile {name!r} in {path}: {listed}. Run `sage200 init --profile "
        f"{name}` to make it."
    )
    return SettingsError(message, name="profile")
