"""The catalogue: what it finds, what it refuses, and that every card is complete."""

import ast
import dataclasses
import importlib
import json
import re
import sys

import pytest
from sources import PACKAGE, builders, keywords

import kerazoo
from kerazoo import catalog
from kerazoo.architecture import architecture
from kerazoo.datasets.embedded import EMBEDDED

NAMES = kerazoo.list_models()
every_card = pytest.mark.parametrize("name", NAMES)


# --- every card


@every_card
def test_card_is_complete(name):
    card = kerazoo.card(name)
    assert {"optimizer", "loss", "batch_size", "epochs"} <= set(card.recipe)
    recipe = {**card.recipe, **card.tiny_recipe}
    for optimizer in (card.recipe["optimizer"], recipe["optimizer"]):
        assert set(optimizer) == {"class_name", "config"}
    assert all(isinstance(recipe[k], int) for k in ("batch_size", "epochs"))
    assert card.offline in EMBEDDED
    assert card.learns or card.params == 0
    assert 1943 <= card.year <= 2100
    assert re.match(r"arXiv:\d{4}\.\d{4,5}|doi:10\.\d{4,}/\S|https?://\S", card.url)
    for texts in (card.lectures, card.published, card.deviations, card.weights):
        assert isinstance(texts, tuple) and all(isinstance(t, str) for t in texts)
    assert card.summary.endswith((".", ")"))
    assert json.loads(json.dumps(card.to_dict()))["name"] == name


@every_card
def test_configurations_are_keywords_of_the_builder(name):
    card = kerazoo.card(name)
    known = set(keywords(name))
    assert set(card.tiny) <= known
    for variant in card.variants.values():
        assert set(variant) == {"config", "params"}
        assert set(variant["config"]) <= known
    assert "weights" not in known and "name" not in known


@every_card
def test_foreign_weights_have_a_key_map(name):
    card = kerazoo.card(name)
    family = card.module.split(".")[-1]
    if card.weights:
        assert (PACKAGE / "weights" / f"{family}.py").is_file()


def section(docstring, title):
    """Text of one section of a Google docstring, without its heading."""
    found = re.search(rf"^{title}:\n((?:    .*\n|\n)+)", docstring + "\n", re.MULTILINE)
    return found[1] if found else ""


@every_card
def test_docstring_says_what_a_user_asks(name):
    docstring = ast.get_docstring(builders()[name])
    base = re.search(r"\bas\s+`(\w+)`", docstring)
    described = section(docstring, "Args")
    if base and base[1] in builders():
        # A variant explains what it has beyond its base.
        docstring = ast.get_docstring(builders()[base[1]])
        described += section(docstring, "Args")
    for title in ("Args", "Returns", "Example", "Reference"):
        assert section(docstring, title), f"no section {title}"
    explained = re.findall(r"^    ([\w, ]+):", described, re.MULTILINE)
    explained = {word.strip() for words in explained for word in words.split(",")}
    assert set(keywords(name)) <= explained


@every_card
def test_builder_is_keyword_only(name):
    arguments = builders()[name].args
    assert not (arguments.args or arguments.posonlyargs or arguments.vararg)
    assert not arguments.kwarg
    assert None not in arguments.kw_defaults, "the paper's network is the default"


# --- looking up


def test_cards_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        kerazoo.card("resnet50").params = 1


def test_natural_order():
    resnets = kerazoo.list_models("resnet*", dataset="imagenet")
    plain = [name for name in resnets if name.removeprefix("resnet").isdigit()]
    assert plain == ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]


def test_patterns():
    assert kerazoo.list_models("resnet?0") == ["resnet20", "resnet50"]
    assert "resnet50" in kerazoo.list_models("NET5")
    assert kerazoo.list_models("no_such_net") == []


def test_filters():
    assert all(kerazoo.card(n).year == 2016 for n in kerazoo.list_models(year=2016))
    for name in kerazoo.list_models(year=(1998, 2012)):
        assert 1998 <= kerazoo.card(name).year <= 2012
    assert {kerazoo.card(n).domain for n in kerazoo.list_models(domain="vision")} == {
        "vision"
    }
    assert "fleuret_mnist" in kerazoo.list_models(dataset="mnist")
    assert "resnet20" not in kerazoo.list_models(dataset="imagenet")
    assert "resnet50" in kerazoo.list_models(task="Classification", lecture="ILSVRC")
    assert kerazoo.list_models("resnet*", year=2016, domain="vision")


def test_filters_refuse_nonsense():
    with pytest.raises(ValueError, match="Did you mean 'vision'"):
        kerazoo.list_models(domain="vison")
    with pytest.raises(ValueError, match="Received: year='1998'"):
        kerazoo.list_models(year="1998")


def test_search():
    assert kerazoo.search("resnet50")[0] == "resnet50"
    assert "resnet50" in kerazoo.search("he 2016 residual")
    assert "fleuret_mnist" in kerazoo.search("Fleuret convnet")
    assert "resnet50" in kerazoo.search("resnt50")
    assert kerazoo.search("  ") == []
    assert kerazoo.search("zzzzzzzz qqqq") == []


@pytest.mark.parametrize(
    ("name", "near"),
    [("resnet5", "resnet50"), ("ResNet50", "resnet50"), ("fleuret", "fleuret_mnist")],
)
def test_unknown_names_suggest_near_ones(name, near):
    with pytest.raises(ValueError, match=f"{name!r}.*Did you mean.*'{near}'"):
        kerazoo.card(name)
    with pytest.raises(ValueError, match=near):
        kerazoo.create(name)


# --- what a card may hold


CARD = {
    "title": "'Net'", "paper": "'A, 2000'", "year": "2000", "url": "'doi:10.1/x'",
    "task": "'nothing'", "params": "3", "recipe": "{'optimizer': None}", "tiny": "{}",
}  # fmt: skip


def source(name, **fields):
    words = ", ".join(f"{key}={value}" for key, value in fields.items() if value)
    return f'@architecture({words})\ndef {name}(*, n=1):\n    """A net."""\n'


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """Writes files into an empty zoo and reads its cards."""

    def read(**files):
        for stem, text in files.items():
            path = tmp_path / "zoo" / "vision" / f"{stem}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        monkeypatch.setattr(catalog, "ZOO", tmp_path / "zoo")
        catalog._read_zoo.cache_clear()
        return catalog._read_zoo()

    yield read
    catalog._read_zoo.cache_clear()


def test_a_card_is_read_from_its_file(zoo):
    card = zoo(nets=source("net", **CARD))["net"]
    assert (card.title, card.params, card.domain) == ("Net", 3, "vision")
    assert (card.module, card.summary) == ("kerazoo.zoo.vision.nets", "A net.")


def test_a_variant_inherits_all_but_its_own_facts(zoo):
    base = CARD | {
        "macs": "9", "non_trainable": "2", "published": "['p']", "deviations": "['d']",
        "variants": "{'x': {'config': {}, 'params': 1}}",
    }  # fmt: skip
    cards = zoo(
        nets=source("net", **base)
        + source("wide", variant_of="'net'", params="5", title="'Wide'")
    )
    wide = cards["wide"]
    assert (wide.title, wide.params, wide.paper) == ("Wide", 5, "A, 2000")
    assert (wide.macs, wide.non_trainable) == (None, 0)
    assert (dict(wide.variants), wide.published) == ({}, ())
    assert wide.deviations == ("d",)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"papier": "'x'"}, "'net': unknown card fields \\['papier'\\]"),
        ({"params": None, "url": None}, "'net' lacks \\['params', 'url'\\]"),
        ({"recipe": "{'optimiser': 1}"}, "'net'.*\\['optimiser'\\] in recipe"),
        ({"tiny_recipe": "{'epoch': 1}"}, "'net'.*\\['epoch'\\] in tiny_recipe"),
        ({"params": "2 * WIDTH"}, "nets.py, builder 'net'.*literals only"),
        ({"variant_of": "'nut'"}, "nets.py, builder 'net'.*'nut'"),
    ],
)
def test_a_wrong_card_names_its_builder(zoo, fields, message):
    with pytest.raises(ValueError, match=message):
        zoo(nets=source("net", **CARD | fields))


def test_two_builders_of_one_name(zoo):
    with pytest.raises(ValueError, match="'net': in kerazoo.zoo.vision.a.*vision.b"):
        zoo(a=source("net", **CARD), b=source("net", **CARD))


# --- architectures outside the package


USERS = '''
import keras

from kerazoo.architecture import architecture


@architecture(
    title="A user's network",
    paper="Nobody, 2026, Nowhere",
    year=2026,
    url="https://example.org",
    task="image classification",
    dataset="mnist",
    offline="digits",
    params=20,
    recipe={
        "optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.1}},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "batch_size": 32,
        "epochs": 1,
    },
    tiny={"units": 2},
)
def users_network(*, units=4):
    """A user's network. It lives in the file that defines it."""
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(units, "softmax")])
'''


@pytest.fixture
def users_nets(tmp_path, monkeypatch):
    """A user's module; the catalogue forgets what the test registers."""
    monkeypatch.setattr(catalog, "_registered", {})
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "users_nets.py").write_text(USERS, encoding="utf-8")
    yield importlib.import_module("users_nets")
    sys.modules.pop("users_nets")
    vars(kerazoo).pop("users_network", None)


def test_an_architecture_of_the_user(users_nets):
    card = kerazoo.card("users_network")
    assert (card.domain, card.module) == ("user", "users_nets")
    assert card.summary == "A user's network. It lives in the file that defines it."
    assert "users_network" in kerazoo.list_models(domain="user")
    assert kerazoo.users_network is users_nets.users_network
    model = kerazoo.create("users_network", tiny=True)
    assert model.output_shape == (None, 2) and model.compiled


def test_a_variant_of_the_users_architecture(users_nets):
    @architecture(variant_of="users_network", title="Wider", params=40)
    def users_wide_network(*, units=8):
        """Wider."""

    card = kerazoo.card("users_wide_network")
    assert (card.title, card.params, card.year) == ("Wider", 40, 2026)


def test_the_user_cannot_replace_a_builder_of_the_zoo(users_nets):
    with pytest.raises(ValueError, match="'resnet50'.*kerazoo.zoo.vision.resnet"):

        @architecture(variant_of="resnet50", params=1)
        def resnet50():
            """Not the one."""


def test_the_users_card_is_checked(users_nets):
    with pytest.raises(ValueError, match="'nameless' lacks"):

        @architecture(title="x")
        def nameless():
            """Lacks nearly all."""
