"""Run the benchmarks, each in a Python of its own: `python benchmarks [NAME …]`.

Without names: all that need nothing but scband. `listening`, `lines` and `analysis` need FluidSynth
and a sound font and say so where they are missing.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
USUAL = ("timing", "sounds", "players", "voicing", "listening", "lines", "analysis", "server")


def main() -> int:
    names = sys.argv[1:] or USUAL
    failed = []
    for name in names:
        script = FOLDER / f"{name}.py"
        if not script.exists():
            print(f"no benchmark {name!r}; there are {', '.join(USUAL)}")
            return 2
        print(f"\n=== {name}", flush=True)
        if subprocess.run([sys.executable, str(script)], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
