"""Checks of the exercises: `import mine_checks as check`, then check.NAME(your answer).

Each says what is wrong in words and never shows the answer.
"""

from mine_checks.chapter_01 import die, leak  # noqa: F401
from mine_checks.chapter_02 import log_mean_exp, shortfall  # noqa: F401
from mine_checks.chapter_03 import product_pairs, slopes  # noqa: F401
from mine_checks.chapter_04 import limit_slope, ratio_bias  # noqa: F401
from mine_checks.chapter_05 import moving_average, window  # noqa: F401
from mine_checks.chapter_06 import flattery, pairs_to_meet  # noqa: F401
from mine_checks.chapter_07 import (  # noqa: F401
    infonce,
    pairs_needed,
    standard_error,
    together,
)
from mine_checks.chapter_08 import envelope, mirage, water  # noqa: F401
from mine_checks.chapter_09 import failing, outcome_codes, rows_for  # noqa: F401
