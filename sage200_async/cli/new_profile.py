"""What `sage200 init` knows before signing in: of a new profile, or of one done again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from sage200_async import Settings
from sage200_async.errors import SettingsError
from sage200_async.profiles.folder import token_path
from sage200_async.profiles.source import IDENTITY, IN_KEYRING, other_values
from sage200_async.sandbox.oauth.requests import CLIENT_ID
from sage200_async.settings import KINDS

if TYPE_CHECKING:
    from sage200_async.auth.stores import MemoryStore

_BY_HAND: Final = (
    "base_url",
    "authorization_url",
    "token_url",
    "allow_insecure_http",
    "subscription_key",
    "secondary_subscription_key",
    "token_store",
)
# What `init` asks nobody for: but for a sandbox, it was set by hand.


class Answers(Struct, frozen=True):
    """What is known before signing in. Its repr shows no secret."""

    profile: str
    values: dict[str, Any]
    secret: str
    keyring: bool
    before: dict[str, Any] = {}
    """What the profile was before; empty for a new one."""

    def __repr__(self) -> str:
        return f"Answers({self.profile!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show no more in rich than in `repr`; msgspec's own shows every field."""
        return [("profile", self.profile)]

    @property
    def is_finished(self) -> bool:
        """Whether commands work with the profile as it was before."""
        return "site" in self.before

    @property
    def store(self) -> str:
        """The URL of the profile's tokens: the one set by hand, else its own."""
        own = own_stores(self.profile)[0 if self.keyring else 1]
        return str(self.values.get("token_store", own))

    def in_place_of(self, before: dict[str, Any]) -> Answers:
        """Return the answers with what was set by hand for this client before.

        Raises:
            SettingsError: It was for another client, whose addresses are not this one's.
        """
        answers = replace(self, before=before)
        del before
        names = _kept(answers)
        unchanged = {name: answers.before[name] for name in names}
        return replace(answers, values={**unchanged, **self.values})

    def settings(self, edition: str, store: MemoryStore | None = None) -> Settings:
        """Return the settings of a client that signs in, to its own store by default."""
        values: dict[str, Any] = {
            **{name: self.others[name] for name in self.others.keys() & KINDS},
            **other_values(os.environ, KINDS),
            **self.values,
            "edition": edition,
            "client_secret": self.secret,
            "token_store": store or self.store,
        }
        return Settings(**values)

    @property
    def others(self) -> dict[str, Any]:
        """What the profile has that says nothing of a company, such as a proxy: it stays."""
        names = self.before.keys() - {*IDENTITY, IN_KEYRING}
        return {name: self.before[name] for name in names}

    def to_save(self, more: dict[str, Any]) -> dict[str, Any]:
        """Return what the profile has, but for the secret."""
        store = {"token_store": self.store} if self.keyring else {}
        return {**self.values, **more, **self.others, **store}


def own_stores(profile: str) -> tuple[str, str]:
    """Return the stores of a profile that none was set for: the keyring's, the file's."""
    return f"keyring://{profile}", token_path(os.environ, profile).as_uri()


def _kept(answers: Answers) -> list[str]:
    """Return the names of what stays, such as the address of a server in the LAN."""
    own = own_stores(answers.profile)
    names: list[str] = [name for name in _BY_HAND if name in answers.before]
    names = [name for name in names if answers.before[name] not in own]
    client_id = answers.values["client_id"]
    before_id = answers.before.get("client_id") or client_id
    if not names or before_id == client_id:
        return names
    if before_id == CLIENT_ID:  # of a sandbox, whose addresses `init` set itself
        return []
    message = (
        f"The profile {answers.profile!r} has {' and '.join(names)} for the client "
        f"{before_id!r}, and this is another client: choose another --profile, or "
        f"remove that one first by `sage200 profiles remove {answers.profile}`."
    )
    raise SettingsError(message, name="profile")
