"""What a page says, as plain text: for descriptions of pages and for excerpts in the search."""

import re

from docutils import nodes
from sphinx import addnodes

SIGNS = (  # a command, and what stands for it
    "alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ kappa κ lambda λ "
    "mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ phi φ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ "
    "Theta Θ Lambda Λ Sigma Σ Phi Φ Psi Ψ Omega Ω "
    "times × cdot · pm ± le ≤ leq ≤ ge ≥ geq ≥ ne ≠ neq ≠ ll ≪ gg ≫ approx ≈ sim ∼ infty ∞ to → "
    "mapsto ↦ in ∈ mid | Vert ‖ otimes ⊗ log log exp exp max max min min sup sup inf inf "
    "ell ℓ leftarrow ← rightarrow → ldots … dots … partial ∂ sum Σ int ∫"
)
SYMBOLS = dict(zip(SIGNS.split()[::2], SIGNS.split()[1::2], strict=True))
UPPER = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
# What no reader of an excerpt wants to see: code, printed lines, HTML, labels, parameters
SKIPPED = (nodes.literal_block, nodes.raw, nodes.comment, nodes.math_block, nodes.system_message)
SKIPPED += (addnodes.desc_parameterlist,)
BLOCKS = (nodes.paragraph, nodes.term, nodes.title, nodes.caption, nodes.list_item, nodes.entry)
BLOCKS += (addnodes.desc_signature,)


def formula(tex: str) -> str:
    """A short formula in plain characters, or an ellipsis."""
    tex = re.sub(r"\\(?:mathcal|mathrm|mathbb|text|operatorname)\s*\{(\w+)\}", r"\1", tex)
    tex = re.sub(r"\\(?:left|right|big|Big)\b|\\[,;! ]|\\(?=[{}|%])", "", tex)
    tex = re.sub(r"_([A-Za-z\d])(?=[A-Za-z])", r"_\1 ", tex)
    tex = re.sub(r"\\([A-Za-z]+)\s*", _symbol, tex)
    tex = re.sub(r"\^\{?([\d+-]+|n)\}?", lambda m: m[1].translate(UPPER), tex)
    tex = re.sub(r"([_^])\{(\w+)\}(?=\w)", r"\1\2 ", tex)
    tex = re.sub(r"([_^])\{(\w+)\}", r"\1\2", tex)
    tex = re.sub(r"\s+", " ", tex.replace("{}", "")).strip()
    return "…" if re.search(r"[\\{}&]", tex) or len(tex) > 40 else tex


def _symbol(command: re.Match) -> str:
    """A Greek letter, a sign, or the name of a function, which stands apart."""
    sign = SYMBOLS.get(command[1], command[0])
    before, after = command.string[: command.start()], command.string[command.end() :]
    if sign.isascii() and sign.isalpha():
        return " " * before[-1:].isalnum() + sign + " " * after[:1].isalpha()
    return sign


def _pieces(node: nodes.Node) -> list[str]:
    if isinstance(node, nodes.math):
        return [formula(node.astext())]
    if isinstance(node, SKIPPED):
        return [" "]
    if isinstance(node, nodes.Text):
        return [node.astext()]
    inner = [piece for child in node.children for piece in _pieces(child)]
    return [" ", *inner, " "] if isinstance(node, BLOCKS) else inner


def text_of(node: nodes.Node) -> str:
    """The text of a node in one line."""
    return re.sub(r"\s+", " ", "".join(_pieces(node))).strip()


def title_of(doctree: nodes.document) -> str:
    """The title of a page."""
    return text_of(next(doctree.findall(nodes.title)))


def sentence(text: str, length: int) -> str:
    """The sentences that fit, or the first words of the first."""
    if len(text) <= length:
        return text
    end = max(text.rfind(mark, 0, length) for mark in (". ", "? "))  # of a sentence
    return text[: end + 1] if end > 40 else text[: text.rfind(" ", 0, length)] + " …"


def sections(doctree: nodes.document) -> list[tuple[str, str, str]]:
    """Anchor, title and text of each section, without the text of sections within it."""
    found = []
    for section in doctree.findall(nodes.section):
        if isinstance(section[0], nodes.title) and "proof-content" not in section["ids"]:
            inner = [each for each in section[1:] if not _is_part(each)]
            text = re.sub(r"\s+", " ", " ".join(map(text_of, inner))).strip()
            found.append((section["ids"][0], text_of(section[0]), text))
    return found


def _is_part(node: nodes.Node) -> bool:
    return isinstance(node, nodes.section) and isinstance(node[0], nodes.title)
