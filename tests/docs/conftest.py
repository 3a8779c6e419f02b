"""Makes the helpers of this folder importable, and docs.site, which is in no wheel."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.append(str(HERE.parents[1]))  # last: the package that is tested comes first
