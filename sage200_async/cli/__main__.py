"""``python -m sage200_async.cli``."""

from __future__ import annotations

import sys

from sage200_async.cli import main

sys.exit(main())
