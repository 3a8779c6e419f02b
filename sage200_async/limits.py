"""Limits of the API, and sizes of our own; each with its unit and source."""

from __future__ import annotations

from typing import Final

PAGE_DEFAULT: Final = 500
"""Records that the service returns without ``$top``.

Source: Sage 200 API guide, "Query parameters".
"""

PAGE_MAX: Final = 5000
"""Records that one request may ask for at most.

Source: Sage 200 API guide, "Query parameters" (Standard, and Professional
after February 2019; older servers return fewer).
"""

PAGE_FLOOR: Final = 100
"""Records of the smallest page that a failing request is reduced to."""

MAX_QUERY_BYTES: Final = 2000
"""Bytes of an encoded query string at most.

On-premises servers sit behind IIS, which answers 404.15 past 2,048 bytes.
Source: learn.microsoft.com, IIS ``requestLimits``, ``maxQueryString``.
"""

MAX_FILTER_NODES: Final = 100
"""Nodes of a ``$filter`` at most: fields, values and operators, ``or`` among them.

Source: learn.microsoft.com, ASP.NET OData, ``ODataValidationSettings.MaxNodeCount``
(100 unless a server sets another).
"""

INT64_MAX: Final = 2**63 - 1
"""The highest number that an ``int64`` field holds."""

SLICE_BYTES: Final = 128 * 1024
"""Bytes of a page that are decoded in one turn of the event loop."""

MAX_EXPONENT: Final = 400
"""The exponent of a decimal at most, either way; Sage's own have 28 digits."""

MAX_RECORD_BYTES: Final = 1024 * 1024
"""Bytes of one record at most, unless the settings say otherwise."""
