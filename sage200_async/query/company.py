"""Which company a client is for: a row of `sites`, or a GUID and a number."""

from __future__ import annotations

from sage200_async.errors import SettingsError
from sage200_async.odata.plain_values import plain, shown


def company_of(site: object, company: object) -> tuple[str, str]:
    """Return the site's GUID and the company's number, as text.

    Raises:
        SettingsError: One of them is missing, or the two are of different companies.
    """
    use = "use at(site) with a row of client.sites(), or at(guid, company=number)"
    named = isinstance(site, str)
    guid = plain(site if named else getattr(site, "site_id", None))
    number = plain(company if named else getattr(site, "company_id", None))
    for name, value, types in (
        ("site", guid, {str}),
        ("company", number, {str, int}),
    ):
        if value is None or (type(value) is str and not value):
            raise SettingsError(f"at: the {name} is missing; {use}", name=name)
        if type(value) not in types:
            message = f"at: {shown(value)} is no {name}; {use}"
            raise SettingsError(message, name=name)
    if not named and company is not None and str(plain(company)) != str(number):
        message = (
            f"at: the site is a row of company {number}, but company is "
            f"{shown(company)}; leave company out, or use at(guid, company=number)"
        )
        raise SettingsError(message, name="company")
    return guid, str(number)
