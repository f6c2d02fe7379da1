"""Other processors than this one: what tells the libraries to use older instructions only."""

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
