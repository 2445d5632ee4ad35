"""The catalogue: every architecture's card, read without importing any framework.

A card is the literal keyword arguments of the `@architecture(...)` decorator on a
builder. They are parsed with `ast`, so listing the whole zoo imports neither keras
nor a backend.
"""

import ast
import dataclasses
import difflib
import fnmatch
import functools
import importlib
import pathlib
import re
from collections.abc import Mapping
from typing import Any

ZOO = pathlib.Path(__file__).parent / "zoo"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Card:
    """Facts about one architecture, as written on its builder.

    Attributes:
        name: the builder's name, `kerazoo.<name>`.
        title: name for people.
        paper: authors, year, title and venue of the source.
        year: year of publication.
        url: arXiv id, DOI or address of the source.
        task: what it does, e.g. `"image classification"`.
        domain: the zoo folder it lives in, e.g. `"vision"`.
        module: dotted name of the module that defines the builder.
        summary: first line of the builder's docstring.
        lectures: where the lectures name it.
        dataset: dataset of the paper, a name `kerazoo.fit` understands.
        offline: embedded dataset that serves without a network.
        params: exact number of trainable parameters of the default config.
        non_trainable: exact number of the other weights (BatchNorm statistics, fixed
            wiring) of the default config.
        macs: multiply-accumulates of one sample through the default config at
            inference (FLOPs = 2 x MACs); None where the notion does not apply.
        variants: `{label: {"config": {...}, "params": int}}`, configurations of this
            builder named by the paper, with their exact trainable parameters.
        recipe: optimizer, loss, metrics, batch_size, epochs, and where the paper has
            them schedule, shuffle, augment; of agents, the experience they learn from;
            steps_per_execution where the calls of single updates cost measurably.
        preprocess: how raw data become inputs (for images: mean and std on the
            0..255 scale, pad).
        published: figures of the paper, each with its place.
        deviations: every departure from the paper.
        tiny: keywords of a reduced configuration.
        tiny_recipe: entries of the recipe that the reduced configuration replaces.
        learns: `{metric: bound}` that the reduced configuration reaches on the
            offline dataset; bounds on losses and errors are upper bounds.
        weights: foreign checkpoint layouts that `weights=` translates.
    """

    name: str
    title: str
    paper: str
    year: int
    url: str
    task: str
    domain: str
    module: str
    summary: str
    lectures: tuple = ()
    dataset: str | None = None
    offline: str | None = None
    params: int
    non_trainable: int = 0
    macs: int | None = None
    variants: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    recipe: Mapping[str, Any]
    preprocess: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    published: tuple = ()
    deviations: tuple = ()
    tiny: Mapping[str, Any]
    tiny_recipe: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    learns: Mapping[str, float] = dataclasses.field(default_factory=dict)
    weights: tuple = ()

    def to_dict(self):
        """The card as plain JSON-ready data."""
        return dataclasses.asdict(self)


_DERIVED = {"name", "domain", "module", "summary"}
_WRITTEN = {field.name for field in dataclasses.fields(Card)} - _DERIVED
# What a variant builder must state itself: these describe one configuration.
_OWN = {"params", "non_trainable", "macs", "variants", "published"}
_RECIPE_KEYS = {
    "optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "batch_size",
    "epochs", "schedule", "shuffle", "augment", "experience", "steps_per_execution",
}  # fmt: skip

_registered: dict[str, Card] = {}


def make_card(name, written, *, domain, module, summary):
    """A checked `Card` from the keywords written on a builder."""
    unknown = set(written) - _WRITTEN
    if unknown:
        raise ValueError(
            f"@architecture of {name!r}: unknown card fields {sorted(unknown)}. "
            f"A card has: {', '.join(sorted(_WRITTEN))}."
        )
    required = {
        field.name
        for field in dataclasses.fields(Card)
        if field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    } - _DERIVED
    missing = required - set(written)
    if missing:
        raise ValueError(f"@architecture of {name!r} lacks {sorted(missing)}.")
    for key in ("recipe", "tiny_recipe"):
        check_recipe(f"@architecture of {name!r}", key, written.get(key, {}))
    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in written.items()}
    return Card(name=name, domain=domain, module=module, summary=summary, **fields)


def check_recipe(where, key, recipe):
    """Raises ValueError where a recipe has entries that nothing would read."""
    unknown = set(recipe) - _RECIPE_KEYS
    if unknown:
        raise ValueError(
            f"{where}: unknown entries {sorted(unknown)} in {key}. "
            f"A recipe has: {', '.join(sorted(_RECIPE_KEYS))}."
        )


def merge_variant(written, base):
    """Fields of a variant builder: its own, then those of `variant_of`."""
    inherited = {k: v for k, v in base.items() if k not in _OWN}
    own = {k: v for k, v in written.items() if k != "variant_of"}
    return inherited | own


def register(card):
    """Adds the card of an architecture defined outside the package."""
    if card.name in _read_zoo():
        raise ValueError(
            f"A builder named {card.name!r} exists already, in "
            f"{_read_zoo()[card.name].module}. Choose another name."
        )
    _registered[card.name] = card


def _decorator(function):
    for node in function.decorator_list:
        if (
            isinstance(node, ast.Call)
            and getattr(node.func, "id", "") == "architecture"
        ):
            return node
    return None


def _read_module(path):
    """Cards of one zoo file, in the order of definition."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts = path.relative_to(ZOO.parent).with_suffix("").parts
    written = {}
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef):
            continue
        node = _decorator(function)
        if node is None:
            continue
        try:
            fields = {word.arg: ast.literal_eval(word.value) for word in node.keywords}
        except ValueError as error:
            raise ValueError(
                f"{path.name}, builder {function.name!r}: a card holds literals only, "
                "so that it can be read without importing keras."
            ) from error
        base = fields.get("variant_of")
        if base is not None:
            if base not in written:
                raise ValueError(
                    f"{path.name}, builder {function.name!r}: variant_of={base!r} "
                    "names no builder above it."
                )
            fields = merge_variant(fields, written[base])
        written[function.name] = fields
        yield make_card(
            function.name,
            fields,
            domain=parts[1],
            module=".".join(("kerazoo", *parts)),
            summary=(ast.get_docstring(function) or "").split("\n")[0],
        )


@functools.cache
def _read_zoo():
    found = {}
    for path in sorted(ZOO.glob("*/*.py")):
        for card in _read_module(path):
            if card.name in found:
                raise ValueError(
                    f"Two builders are named {card.name!r}: in "
                    f"{found[card.name].module} and in {card.module}."
                )
            found[card.name] = card
    return found


def cards():
    """All cards by name, those of the package and those registered by the user."""
    return _read_zoo() | _registered


def card(name):
    """The card of one architecture.

    Args:
        name: a builder's name, e.g. `"resnet50"`.

    Raises:
        ValueError: no such architecture; the message suggests near names.
    """
    try:
        return cards()[name]
    except KeyError:
        raise ValueError(unknown("architecture", name, cards())) from None


def unknown(what, name, known):
    """Error text for an unknown name, with the nearest known ones."""
    near = difflib.get_close_matches(str(name).lower(), list(known), n=3, cutoff=0.6)
    near += [k for k in known if len(str(name)) > 2 and str(name).lower() in k]
    near = list(dict.fromkeys(near))[:3]
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    return f"Unknown {what} {name!r}.{hint}"


def builder(name):
    """The builder function of an architecture; imports its module, and so keras."""
    module = card(name).module
    return getattr(importlib.import_module(module), name)


def _natural(name):
    return [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", name)]


def _contains(haystack, needle):
    return needle.lower() in haystack.lower()


def list_models(
    pattern=None, *, domain=None, task=None, year=None, dataset=None, lecture=None
):
    """Names of architectures, in natural order.

    Args:
        pattern: shell wildcard (`"resnet*"`), or a part of the name.
        domain: zoo folder, e.g. `"vision"`.
        task: part of the task, e.g. `"classification"`.
        year: a year, or a pair `(first, last)`, both included.
        dataset: part of the dataset's name, the paper's or the offline one.
        lecture: part of a lecture reference.

    Returns:
        A list of names; empty when nothing fits.

    Raises:
        ValueError: `domain` is no folder of the zoo, or `year` is malformed.
    """
    found = list(cards().values())
    if pattern is not None:
        if not any(c in pattern for c in "*?["):
            pattern = f"*{pattern}*"
        found = [c for c in found if fnmatch.fnmatch(c.name, pattern.lower())]
    if domain is not None:
        domains = {c.domain for c in cards().values()}
        if domain not in domains:
            raise ValueError(unknown("domain", domain, sorted(domains)))
        found = [c for c in found if c.domain == domain]
    if task is not None:
        found = [c for c in found if _contains(c.task, task)]
    if year is not None:
        try:
            first, last = (year, year) if isinstance(year, int) else year
        except (TypeError, ValueError):
            raise ValueError(
                "`year` must be a year or a pair (first, last). "
                f"Received: year={year!r}"
            ) from None
        found = [c for c in found if first <= c.year <= last]
    if dataset is not None:
        found = [c for c in found if _contains(f"{c.dataset} {c.offline}", dataset)]
    if lecture is not None:
        found = [c for c in found if any(_contains(x, lecture) for x in c.lectures)]
    return sorted((c.name for c in found), key=_natural)


def search(text):
    """Names of architectures that mention every word of `text`, best first.

    Looks in name, title, paper, task, domain, dataset, lectures and summary. Where no
    card has all the words, near names are returned.
    """
    words = text.lower().split()
    if not words:
        return []
    scored = []
    for c in cards().values():
        head = f"{c.name} {c.title}".lower()
        body = (
            f"{c.paper} {c.task} {c.domain} {c.dataset} {c.offline} {c.year} ".lower()
        )
        body += f"{c.summary} {' '.join(c.lectures)}".lower()
        if all(w in head or w in body for w in words):
            score = sum(
                2 * (w in c.name) + c.name.startswith(w) + (w in head) for w in words
            )
            scored.append((-score, _natural(c.name), c.name))
    if scored:
        return [name for *_, name in sorted(scored)]
    return difflib.get_close_matches(text.lower(), list(cards()), n=5, cutoff=0.5)


def builders():
    """The builder functions of the zoo as parsed source, by name.

    Returns:
        Mapping from name to `(keywords, summary)`: each keyword with the source of its
        default, and the first line of the docstring.
    """
    found = {}
    for path in sorted(ZOO.glob("*/*.py")):
        for function in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(function, ast.FunctionDef) and _decorator(function):
                arguments = function.args
                pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
                keywords = {arg.arg: ast.unparse(default) for arg, default in pairs}
                summary = (ast.get_docstring(function) or "").split("\n")[0]
                found[function.name] = keywords, summary
    return found
