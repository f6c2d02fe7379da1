"""Other processors than this one: what tells the libraries to use older instructions only."""

import os
import platform
import subprocess
import sys
from pathlib import Path

SETTINGS = (
    "ATEN_CPU_CAPABILITY",
    "ONEDNN_MAX_CPU_ISA",
    "MKL_ENABLE_INSTRUCTIONS",
    "OPENBLAS_CORETYPE",
    "NPY_DISABLE_CPU_FEATURES",
)
AVX512 = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL"
# On a processor that is not of the family x86 they change nothing.
PROCESSORS = {
    "this processor": {},
    "AVX2": dict(zip(SETTINGS, ("avx2", "AVX2", "AVX2", "Haswell", AVX512), strict=True)),
    "SSE4": dict(
        zip(
            SETTINGS,
            ("default", "SSE41", "SSE4_2", "Nehalem", f"{AVX512} AVX2 FMA3"),
            strict=True,
        )
    ),
}


def setting(processor: str, threads: int) -> dict[str, str]:
    """The environment variables of a processor and a number of threads."""
    return PROCESSORS[processor] | {"OMP_NUM_THREADS": str(threads)}


def alike() -> list[str]:
    """Name those that compute as another one does: older than, or unlike, what a setting can ask.

    On ARM no setting changes anything; without AVX-512, AVX2 is this processor.
    """
    found = {name: capability(name) for name in PROCESSORS}
    others = list(PROCESSORS)[1:]
    return [name for name in others if list(found.values()).count(found[name]) > 1]


def capability(processor: str) -> str:
    """The instructions that torch uses with the settings of a processor."""
    command = "import torch; print(torch.backends.cpu.get_cpu_capability())"
    done = subprocess.run(
        [sys.executable, "-c", command],
        env=os.environ | setting(processor, 1),
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def name_of_this_one() -> str:
    """What the processor calls itself."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text("utf-8").splitlines() if information.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
