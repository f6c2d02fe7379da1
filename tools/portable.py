"""Test notebooks as other processors and two threads run them: portable.py NOTEBOOK [NOTEBOOK ...].

A reader's computer is not the one whose outputs are stored. The comparison is that of `make test`.
"""

import os
import subprocess
import sys
import time

from processors import setting

RUNS = [("SSE4", 1), ("AVX2", 1), ("this processor", 2)]


def main(notebooks: list[str]) -> int:
    """Run all of RUNS; return the exit code."""
    failed = []
    for processor, threads in RUNS:
        name, start = f"{processor}, threads: {threads}", time.monotonic()
        print(f"{name} ...", flush=True)
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile"]
        # Threads that wait for others must not keep a core busy: two chapters run at once.
        environment = os.environ | {"OMP_WAIT_POLICY": "passive"} | setting(processor, threads)
        done = subprocess.run([*command, *notebooks], env=environment, check=False)
        print(f"{name}: {time.monotonic() - start:.0f} s", flush=True)
        failed += [name] * (done.returncode != 0)
    for name in failed:
        print(f"Outputs differ with {name}; see above", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
