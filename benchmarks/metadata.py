"""``$metadata`` of the customers, for the OData clients that require it."""

from __future__ import annotations

from typing import Final

TYPES: Final = {
    "boolean": "Edm.Boolean",
    "integer": "Edm.Int64",
    "number": "Edm.Decimal",
    "datetime": "Edm.DateTimeOffset",
    "text": "Edm.String",
}
TYPES_2: Final = {**TYPES, "integer": "Edm.Int32", "datetime": "Edm.DateTime"}
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
EDM_2: Final = "http://schemas.microsoft.com/ado/2008/09/edm"
EDMX_2: Final = "http://schemas.microsoft.com/ado/2007/06/edmx"
M_2: Final = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"


def odata_4(fields: dict[str, str]) -> str:
    """Return the metadata for an OData 4 client."""
    schema = SCHEMA.format(namespace=EDM, properties=_lines(fields, TYPES), default="")
    return (
        f'{HEAD}<edmx:Edmx Version="4.0" xmlns:edmx="{EDMX}">\n'
        f"<edmx:DataServices>\n{schema}</edmx:DataServices></edmx:Edmx>\n"
    )


def odata_2(fields: dict[str, str]) -> str:
    """Return the metadata for an OData 2 client."""
    schema = SCHEMA.format(
        namespace=EDM_2,
        properties=_lines(fields, TYPES_2),
        default=' m:IsDefaultEntityContainer="true"',
    )
    return (
        f'{HEAD}<edmx:Edmx Version="1.0" xmlns:edmx="{EDMX_2}" xmlns:m="{M_2}">\n'
        f'<edmx:DataServices m:DataServiceVersion="2.0">\n{schema}'
        "</edmx:DataServices></edmx:Edmx>\n"
    )


def _lines(fields: dict[str, str], types: dict[str, str]) -> str:
    return "\n".join(
        f'<Property Name="{name}" Type="{types[type_name]}" Nullable='
        f'"{"false" if name == "id" else "true"}"/>'
        for name, type_name in fields.items()
    )
