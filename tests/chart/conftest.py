"""Put the helpers of these tests on the path, and draw the same examples on every run."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")
