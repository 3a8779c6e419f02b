"""``python -m sage200_async``: the command line, where no script is on the PATH."""

from __future__ import annotations

import sys

from sage200_async.cli import main

sys.exit(main())
