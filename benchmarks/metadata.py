"""``$metadata`` of the customers, for the clients of OData that cannot do without."""

from __future__ import annotations

from typing import Final

TYPES: Final = {
    "boolean": "Edm.Boolean",
    "integer": "Edm.Int64",
    "number": "Edm.Decimal",
    "datetime": "Edm.DateTimeOffset",
    "text": "Edm.String",
}
OLD_TYPES: Final = {**TYPES, "integer": "Edm.Int32", "datetime": "Edm.DateTime"}
HEAD: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
SCHEMA: Final = """<Schema Namespace="S" xmlns="{namespace}">
<EntityType Name="Customer"><Key><PropertyRef Name="id"/></Key>
{properties}
</EntityType>
<EntityContainer Name="Container"{default}>
<EntitySet Name="Customers" EntityType="S.Customer"/>
</EntityContainer>
</Schema>
"""
EDM: Final = "http://docs.oasis-open.org/odata/ns/edm"
EDMX: Final = "http://docs.oasis-open.org/odata/ns/edmx"
OLD_EDM: Final = "http://schemas.microsoft.com/ado/2008/09/edm"
OLD_EDMX: Final = "http://schemas.microsoft.com/ado/2007/06/edmx"
OLD_M: Final = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"


def odata_4(kinds: dict[str, str]) -> str:
    """Describe the customers to a client of OData 4."""
    schema = SCHEMA.format(namespace=EDM, properties=_lines(kinds, TYPES), default="")
    return (
        f'{HEAD}<edmx:Edmx Version="4.0" xmlns:edmx="{EDMX}">\n'
        f"<edmx:DataServices>\n{schema}</edmx:DataServices></edmx:Edmx>\n"
    )


def odata_2(kinds: dict[str, str]) -> str:
    """Describe the customers to a client of OData 2."""
    schema = SCHEMA.format(
        namespace=OLD_EDM,
        properties=_lines(kinds, OLD_TYPES),
        default=' m:IsDefaultEntityContainer="true"',
    )
    return (
        f'{HEAD}<edmx:Edmx Version="1.0" xmlns:edmx="{OLD_EDMX}" xmlns:m="{OLD_M}">\n'
        f'<edmx:DataServices m:DataServiceVersion="2.0">\n{schema}'
        "</edmx:DataServices></edmx:Edmx>\n"
    )


def _lines(kinds: dict[str, str], types: dict[str, str]) -> str:
    return "\n".join(
        f'<Property Name="{name}" Type="{types[kind]}" Nullable='
        f'"{"false" if name == "id" else "true"}"/>'
        for name, kind in kinds.items()
    )
