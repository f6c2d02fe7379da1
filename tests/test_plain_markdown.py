"""MyST becomes plain Markdown: words, directives, numbers of the book."""

import re

import pytest

from plain_markdown import Names, Plain, Unplain

HOME = "chapters/01_one"
OTHER = "chapters/02_two"


def names(**more):
    """Names of a book of two chapters, of which the first is at hand."""
    labels = {
        "thm": (HOME, "Theorem 1.1", ""),
        "far": (OTHER, "Theorem 2.1", ""),
        "eq-near": (HOME, "(1.1)", ""),
        "eq-far": (OTHER, "(2.3)", ""),
        "fig": (HOME, "Fig. 1.1", ""),
        "ex": (HOME, "Exercise 1.1", ""),
        "tab": (HOME, "Table 1.1", ""),
        "sec": ("appendix/recipes", "", "Images"),
    }
    told = {
        "pages": {
            HOME: {"number": "1", "title": "One"},
            OTHER: {"number": "2", "title": "Two"},
            "appendix/recipes": {"number": "", "title": "Recipes"},
        },
        "labels": {
            label: dict(zip(("page", "name", "title"), each, strict=True))
            for label, each in labels.items()
        },
        "sources": {"koh2020": {"short": "Koh et al., 2020", "full": "Koh. *Concepts*."}},
        "at_hand": {HOME},
    }
    return Names(**told | more)


def plain(text):
    return Plain(names(), HOME)(text)


@pytest.mark.parametrize(
    ("myst", "expected"),
    [
        ("By {prf:ref}`thm`.", "By Theorem 1.1."),
        ("By {prf:ref}`far`.", "By Theorem 2.1 of the book."),
        ("See {prf:ref}`it <far>`.", "See it (Theorem 2.1 of the book)."),
        ("Into {eq}`eq-near` put {eq}`eq-far`", "Into (1.1) put (2.3) of the book"),
        ("{numref}`fig` and {ref}`ex`", "Fig. 1.1 and Exercise 1.1"),
        ("{ref}`the first <ex>`", "the first (Exercise 1.1)"),
        ("{ref}`sec`", "Images of the book"),
        ("A {term}`leak <leakage>` of {term}`nats`", "A leak of nats"),
        ("So {cite}`koh2020`.", "So [Koh et al., 2020]."),
        ("So {cite:t}`koh2020`.", "So Koh et al. [2020]."),
        ("[next](02_two.ipynb)", "next (chapter 2 of the book)"),
        ("[this](01_one.ipynb)", "[this](01_one.ipynb)"),
        ("{doc}`recipes <../appendix/recipes>`", "recipes (“Recipes” of the book)"),
        ("{doc}`../appendix/recipes`", "“Recipes” of the book"),
        ("[far](https://a.org/b)", "[far](https://a.org/b)"),
        ("$E[X](y)$ and `{eq}` stay", "$E[X](y)$ and `{eq}` stay"),
        ("(sec-one)=\n# One\n\n## Two\n\n### Three\n\n## Four", "# 1 One"),
        ("$$\na=b\n$$ (eq-near)", "$$\na=b \\tag{1.1}\n$$"),
        ("```python\n# {eq}`eq-near`\n```", "```python\n# {eq}`eq-near`\n```"),
        ("% a comment\nwords", "words"),
    ],
)
def test_words_of_myst_become_plain(myst, expected):
    assert plain(myst).split("\n\n")[0] == expected


def test_sections_have_the_numbers_of_the_book():
    text = plain("# One\n\n## Two\n\n### Three\n\n### Four\n\n## Five")
    assert re.findall("# (.*)", text) == [
        "1 One",
        "1.1 Two",
        "1.1.1 Three",
        "1.1.2 Four",
        "1.2 Five",
    ]


@pytest.mark.parametrize(
    ("myst", "expected"),
    [
        (
            ":::{prf:theorem} Wall\n:label: thm\nIt holds.\n:::",
            "> **Theorem 1.1** (Wall).\n>\n> It holds.",
        ),
        (
            ":::{prf:proof}\nTake {eq}`eq-far`.\n:::",
            "*Proof.* Take (2.3) of the book. $\\blacksquare$",
        ),
        (":::{note}\nMind.\n:::", "> **Note**\n>\n> Mind."),
        (
            "::::{admonition} Predict\n:class: tip\nUp?\n\n:::{dropdown} Then\nNo.\n:::\n::::",
            "> **Predict**\n>\n> Up?\n>\n"
            "> <details>\n> <summary>Then</summary>\n>\n> No.\n>\n> </details>",
        ),
        (
            "```{figure} ../images/a.svg\n:name: fig\n:alt: A [wall].\n\nThe {eq}`eq-near`.\n```",
            "![A (wall).](../images/a.svg)\n\n**Fig. 1.1.** The (1.1).",
        ),
        (
            ":::{table} Sizes\n:name: tab\n\n| a |\n| --- |\n:::",
            "**Table 1.1.** Sizes\n\n| a |\n| --- |",
        ),
        (
            ":::{exercise} easy, 5 minutes\n:label: ex\n\nShow.\n:::",
            "**Exercise 1.1** (easy, 5 minutes)\n\nShow.",
        ),
        (
            ":::{solution} ex\n:class: dropdown\nSo.\n:::",
            "<details>\n<summary>Solution to Exercise 1.1</summary>\n\nSo.\n\n</details>",
        ),
    ],
)
def test_directives_become_plain(myst, expected):
    assert plain(myst) == expected


def test_a_formula_in_a_quotation_is_one_line():
    text = plain(":::{prf:theorem}\n:label: thm\n\n$$\na\n=b\n$$ (eq-near)\n:::")
    assert "> $$a =b \\tag{1.1}$$" in text


@pytest.mark.parametrize(
    ("myst", "message"),
    [
        (":::{mermaid}\n:::", "no plain form for the directive mermaid"),
        ("{kbd}`a`", "no plain form for the role kbd"),
        ("{eq}`eq-none`", "no label eq-none"),
        ("{doc}`03_three`", "no page chapters/03_three"),
        ("[three](03_three.ipynb)", "no page chapters/03_three"),
        ("{cite}`koh2020, nobody1999`", "cites no nobody1999"),
        (":::{exercise}\nShow.\n:::", "an exercise has no label"),
    ],
)
def test_what_has_no_plain_form_is_named(myst, message):
    with pytest.raises(Unplain, match=message):
        plain(myst)
