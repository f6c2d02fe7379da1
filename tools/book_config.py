"""What stands in `_config.yml`, for all tools that need to know."""

from pathlib import Path

import yaml

FILE = Path(__file__).resolve().parents[1] / "_config.yml"


def settings() -> dict:
    """All of it."""
    return yaml.safe_load(FILE.read_text("utf-8"))


def address() -> str:
    """The address of the book's repository, without a slash at its end, or nothing."""
    return (settings().get("repository", {}).get("url") or "").rstrip("/")
