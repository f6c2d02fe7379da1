"""Checks of the exercises: `import mine_checks as check`, then check.NAME(your answer).

Each says what is wrong in words and never shows the answer.
"""
