"""The README's code runs as it stands, and says what it says."""

import re
from pathlib import Path

import pytest
import torch

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def after():
    """What the snippets leave, run one after the other as a reader would."""
    names = {}
    torch.manual_seed(0)
    for snippet in SNIPPETS:
        exec(snippet, names)
    return names


def test_the_snippets_give_what_stands_beside_them(after, capsys):
    """A trained number moves between processors, by far less than its error."""
    shown, estimate = re.search(r"print\(estimate\)  # (.*?), and", README)[1], after["estimate"]
    words = [re.sub(r"\d\.\d{4}", "#", each) for each in (shown, str(estimate))]
    assert words[0] == words[1]
    numbers = [float(each) for each in re.findall(r"\d\.\d{4}", shown)]
    found = [estimate.value, *estimate.interval()]
    assert numbers == pytest.approx(found, abs=estimate.standard_error / 4)
    assert after["record"].critic.replicas == 8


def test_the_loss_reaches_the_encoder_and_keeps_an_average(after):
    assert after["mine"].v is not None
    assert all(each.grad.abs().max() > 0 for each in after["encoder"].parameters())
