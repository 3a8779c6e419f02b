"""Load tables of Sage 200 (UK and Ireland): what has changed, deletes, exact numbers."""

from collections.abc import Sequence
from typing import Any

import dlt
from dlt.common.configuration import configspec
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.typing import TSecretStrValue
from dlt.extract import DltResource

from sage200_async.engines.dlt import sage200


@configspec
class Sage200Configuration(BaseConfiguration):
    """What `dlt init` writes to .dlt/secrets.toml, for you to fill in.

    Any other setting of sage200_async may stand beside them. Without all of them, the
    profile that `sage200 init` made is used, or the variables SAGE200_*.
    """

    client_id: TSecretStrValue | None = None
    client_secret: TSecretStrValue | None = None
    site: TSecretStrValue | None = None
    company: TSecretStrValue | None = None
    token_store: TSecretStrValue | None = None


@dlt.source(name="sage200", section="sage200", spec=Sage200Configuration)
def sage200_source(resources: Sequence[str], **options: Any) -> list[DltResource]:
    """Return tables of a company.

    Args:
        resources: Their names, such as customers; `sage200 resources` lists all.
        **options: Those of sage200_async.engines.dlt.sage200.
    """
    return list(sage200(*resources, **options).resources.values())
