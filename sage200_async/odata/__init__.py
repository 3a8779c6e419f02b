"""The query language, compiled; pure.

literals     values as OData literals
expressions  conditions, and their text
fields       typed fields, which conditions start from
namespaces   the fields of a record, by name
options      all options of a query, as one value
builder      how each refinement changes the options
encoding     percent-encoding
enums        values of enums that are misspelt
suggest      the nearest name for one that is misspelt
"""
