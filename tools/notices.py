"""A Sphinx extension: directives of the pages for readers who cite, report, run or teach.

- `citation`: CITATION.cff as a sentence and as BibTeX.
- `mistake`: where to report one. With a repository's address that is its form; with an e-mail
  address under `contact:` in CITATION.cff, a letter; else whoever the pages come from.
- `launching`: what Colab and Binder do, if there are buttons for them.
- `costs`: run time and memory of each chapter, as `make costs` measured them.
"""

import json

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import book_config
import doors
from sources import ROOT

CITATION = ROOT / "CITATION.cff"
COSTS = ROOT / "benchmarks/costs.json"


class Notice(SphinxDirective):
    """Markdown that depends on a file or on the repository's address."""

    def parsed(self, *lines: str) -> list[nodes.Node]:
        """Lines of Markdown as nodes."""
        holder = nodes.container()
        self.state.nested_parse(list(lines), self.content_offset, holder)
        return holder.children


# Citing


def cited() -> dict:
    """What CITATION.cff asks to be cited."""
    return yaml.safe_load(CITATION.read_text("utf-8"))["preferred-citation"]


def bibtex(told: dict, address: str = "") -> str:
    r"""A book of CITATION.cff as a BibTeX entry.

    By hand: pybtex writes all fields as LaTeX, and an address with `\_` for `_` leads nowhere.
    """
    authors = " and ".join(f"{{{each['name']}}}" for each in told["authors"])
    fields = {
        "author": authors,
        "title": f"{{{told['title']}}}",
        "year": told["year"],
        "edition": f"Version {told['version']}",
    } | ({"url": address} if address else {})
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@{told['type']}{{mine_book_{told['year']},", *lines, "}"])


def sentence(told: dict, address: str = "") -> str:
    """The same for a list of references."""
    authors = ", ".join(each["name"] for each in told["authors"])
    # Not the whole address as text: the theme would shorten it
    end = f" [{address.removeprefix('https://')}]({address})" if address else ""
    return f"{authors} ({told['year']}). *{told['title']}*. Version {told['version']}.{end}"


class Citation(Notice):
    """How to cite the book."""

    def run(self) -> list[nodes.Node]:
        """A sentence and a block of code."""
        self.env.note_dependency(str(CITATION))
        told = cited()
        entry = bibtex(told, book_config.address())
        block = nodes.literal_block(entry, entry, language="bibtex")
        return [*self.parsed(sentence(told, book_config.address())), block]


# Reporting


def whom_to_tell(address: str, contacts: list[dict]) -> str:
    """The way that a report of a mistake takes."""
    mail = next((each["email"] for each in contacts if "email" in each), "")
    if address.startswith(doors.GITHUB):
        return (
            f"**Use the form**: [report a mistake]({doors.form(address)}). "
            "The button with the repository's mark, above each page, opens it for that page."
        )
    if address:
        return f"**Open an issue** in the [repository]({address})."
    if mail:
        return f"**Write** to [{mail}](mailto:{mail})."
    return (
        "**Tell whoever you have these pages from**, your teacher or the owner of the site or of "
        "the repository: this copy names no address of its own. In a clone, "
        "`git remote get-url origin` says where it comes from."
    )


class Mistake(Notice):
    """Where to report a mistake."""

    def run(self) -> list[nodes.Node]:
        """A paragraph."""
        self.env.note_dependency(str(CITATION))
        contacts = yaml.safe_load(CITATION.read_text("utf-8")).get("contact", [])
        return self.parsed(whom_to_tell(book_config.address(), contacts))


# Running


class Launching(Notice):
    """What the buttons of Colab and Binder do; nothing where there are none."""

    def run(self) -> list[nodes.Node]:
        """A paragraph."""
        address = book_config.address()
        if not address:
            return []
        text = "Nothing to install: the rocket above a chapter opens it on Binder"
        if address.startswith(doors.GITHUB):
            text += ", or on Colab, where the first cell installs the package"
        return self.parsed(f"{text}.")


def told_costs(record: dict[str, dict]) -> list[str]:
    """The record of `make costs` as a table in Markdown, and lines that say where it is from."""
    rows = [
        f"| {title_of(name)} | {round(each['seconds'])} | {each['megabytes'] / 1000:.1f} |"
        for name, each in record.items()
    ]
    return [
        "| notebook | seconds of a core | GB of memory |",
        "| --- | ---: | ---: |",
        *rows,
        "",
        *origins(record),
        "Memory is the largest that a kernel held, the libraries' own included.",
    ]


def origins(record: dict[str, dict]) -> list[str]:
    """When and where the notebooks were measured: one line, or one for each time and place."""
    groups: dict[str, list[str]] = {}
    for name, each in record.items():
        said = (
            f"on {each['date']} with one thread of {each['machine']}, "
            f"{each['system']}, Python {each['python']}, torch {each['torch']}."
        )
        groups.setdefault(said, []).append(title_of(name))
    if len(groups) == 1:
        return [f"Measured {said}" for said in groups]
    return [f"Measured {said[:-1]}: {', '.join(names)}." for said, names in groups.items()]


def title_of(name: str) -> str:
    """What a table calls a notebook, as a link: chapters/03_mine."""
    return f"[](/{name}.ipynb)"


class Costs(Notice):
    """Run time and memory of each notebook."""

    def run(self) -> list[nodes.Node]:
        """A table and a paragraph."""
        self.env.note_dependency(str(COSTS))
        return self.parsed(*told_costs(json.loads(COSTS.read_text("utf-8"))))


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    for directive in (Citation, Mistake, Launching, Costs):
        app.add_directive(directive.__name__.lower(), directive)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
