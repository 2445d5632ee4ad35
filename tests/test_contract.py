"""The contract of every architecture, held on its reduced configuration.

Each check is a function of a built model (`Tiny`). A test is a pair of a card and a
check, and all checks of a card run one after another on the same model.
"""

import contextlib
import dataclasses
import functools
import inspect
import json
import sys

import keras
import numpy as np
import pytest
from sources import keywords

import kerazoo
from kerazoo import catalog

# The only exceptions, {check: {card: reason}}. An entry whose check passes fails.
EXCEPTIONS = {}

MAX_PARAMETERS = 150_000
BATCH = 8


@dataclasses.dataclass
class Tiny:
    """A card with its reduced model and a batch of its offline dataset."""

    card: kerazoo.Card
    model: keras.Model
    x: object
    y: object

    def keyword(self, name):
        """Value of a builder's keyword in the reduced configuration."""
        default = inspect.signature(catalog.builder(self.card.name)).parameters[name]
        return self.card.tiny.get(name, default.default)

    def create(self, **config):
        """Another model of the same architecture."""
        return build(self.card.name, **config)


def build(name, **config):
    """The reduced model; on TensorFlow it runs eagerly, as tracing costs seconds."""
    model = kerazoo.create(name, tiny=True, **config)
    model.run_eagerly = keras.backend.backend() == "tensorflow"
    return model


@functools.lru_cache(maxsize=1)
def reduced(name):
    """One model serves all checks of a card, which run one after another."""
    keras.backend.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)
    card = kerazoo.card(name)
    model = build(card.name)
    data = kerazoo.datasets.load(
        card.offline, "train", model=model, batch_size=BATCH, training=False
    )
    batch = keras.tree.map_structure(np.asarray, next(iter(data)))
    # A data set may be one large example, a graph: it is repeated.
    batch = keras.tree.map_structure(
        lambda a: np.resize(a, (max(BATCH, len(a)), *a.shape[1:])), batch
    )
    x, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
    return Tiny(card, model, x, y)


def predict(model, x):
    return keras.tree.flatten(model.predict_on_batch(x))


def first(x, n):
    """The first `n` samples of a batch."""
    return keras.tree.map_structure(lambda a: a[:n], x)


def shapes(spec):
    """Flat list of shapes, without the batch axis."""
    return [tuple(tensor.shape[1:]) for tensor in keras.tree.flatten(spec)]


def values(variables):
    return [keras.ops.convert_to_numpy(v) for v in variables]


@contextlib.contextmanager
def without_decay(model):
    """Decay would move a weight that has no gradient."""
    optimizer = model.optimizer
    keys = [key for key in ("l2", "weight_decay") if hasattr(optimizer, key)]
    usual = {key: getattr(optimizer, key) for key in keys}
    for key in keys:
        setattr(optimizer, key, None)
    model.train_function = None  # a compiled step has the decay in it, or not
    yield
    for key, value in usual.items():
        setattr(optimizer, key, value)
    model.train_function = None


def assert_equal(actual, expected, tolerance=1e-6):
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


# --- what every model does, on every backend


def builds(tiny):
    card, model = tiny.card, tiny.model
    assert model.compiled
    assert model.name == model.architecture == card.name
    assert dict(model.recipe) == {**card.recipe, **card.tiny_recipe}
    parameters = sum(int(np.prod(v.shape)) for v in model.trainable_weights)
    assert parameters <= MAX_PARAMETERS
    assert (parameters == 0) == (card.params == 0)
    assert all(t.shape[0] is None for t in keras.tree.flatten(model.inputs))
    if "input_shape" in keywords(card.name):
        assert model.input_shape[1:] == tuple(tiny.keyword("input_shape"))
    for tensor, array in zip(
        keras.tree.flatten(model.inputs), keras.tree.flatten(tiny.x), strict=True
    ):
        fits = zip(tensor.shape[1:], array.shape[1:], strict=True)
        assert all(size in (None, given) for size, given in fits)


def forward(tiny):
    model, x = tiny.model, first(tiny.x, 3)
    outputs = predict(model, x)
    for output, symbol in zip(outputs, keras.tree.flatten(model.outputs), strict=True):
        known = zip(output.shape[1:], symbol.shape[1:], strict=True)
        assert output.shape[0] == 3
        assert all(size in (None, given) for given, size in known)
        assert output.dtype == symbol.dtype
        assert np.isfinite(output).all()
    assert_equal(predict(model, x), outputs, tolerance=0)
    alone = predict(model, first(x, 1))
    assert_equal(alone, [output[:1] for output in outputs], tolerance=1e-4)
    if "classifier_activation" in keywords(tiny.card.name):
        if tiny.keyword("classifier_activation") == "softmax":
            for output in outputs:
                np.testing.assert_allclose(output.sum(-1), 1, rtol=1e-4)


def trains(tiny):
    """A step moves every trainable weight; one that never moves has no gradient."""
    model = tiny.model
    if not model.trainable_weights:
        assert tiny.card.params == 0
        return
    start = values(model.trainable_weights)
    still = {v.path for v in model.trainable_weights}
    with without_decay(model):
        # What lies behind a weight that starts at zero moves a step later.
        for _ in range(3):
            logs = model.train_on_batch(tiny.x, tiny.y, return_dict=True)
            assert all(np.isfinite(v) for v in keras.tree.flatten(logs)), logs
            for old, new in zip(start, model.trainable_weights, strict=True):
                if not np.array_equal(old, keras.ops.convert_to_numpy(new)):
                    still.discard(new.path)
            if not still:
                break
    if type(model).evaluate is not keras.Model.evaluate:  # measures whole data sets
        logs |= model.evaluate(tiny.x, tiny.y, return_dict=True, verbose=0)
    # Agents are measured by what they gain, not on batches.
    measured = {"return"} if "experience" in model.recipe else set(logs)
    assert set(tiny.card.learns) <= measured, "a measure that nothing measures"
    assert not still, f"no gradient moves {sorted(still)}"


def saves(tiny, tmp_path):
    """`.keras` in safe mode keeps outputs, configuration and the optimizer's state."""
    model = tiny.model
    if model.trainable_weights and not model.optimizer.built:
        model.train_on_batch(tiny.x, tiny.y)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    loaded.run_eagerly = model.run_eagerly
    assert type(loaded) is type(model)
    config = json.dumps(model.get_config(), sort_keys=True)
    assert json.dumps(loaded.get_config(), sort_keys=True) == config
    assert_equal(predict(loaded, tiny.x), predict(model, tiny.x))
    assert loaded.compiled
    if not model.trainable_weights:
        return
    optimizer = values(model.optimizer.variables)
    assert_equal(values(loaded.optimizer.variables), optimizer, tolerance=0)
    before = values(loaded.trainable_weights)
    for one in (model, loaded):
        one.train_on_batch(tiny.x, tiny.y)
    after = values(loaded.trainable_weights)
    assert any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    draws_random_numbers = len(model.variables) > len(model.weights)
    if not draws_random_numbers:
        assert_equal(after, values(model.trainable_weights))


# --- what the builder's keywords promise; backends do not matter


def classes(tiny):
    """The model has as many outputs as classes were asked for."""
    usual = tiny.keyword("classes")
    model = tiny.create(classes=7, compile=False)
    other = shapes(model.outputs)
    if hasattr(model, "classes"):  # says which class by its number
        assert (tiny.model.classes, model.classes) == (usual, 7)
        assert other == shapes(tiny.model.outputs)
        return
    assert other != shapes(tiny.model.outputs)
    assert other == [
        tuple(7 if size == usual and i == len(shape) - 1 else size
              for i, size in enumerate(shape))
        for shape in shapes(tiny.model.outputs)
    ]  # fmt: skip


def input_shape(tiny):
    """Another size is taken: twice the extent, and 1 channel for 3 or 3 for 1."""
    usual = tuple(tiny.keyword("input_shape"))
    *extent, channels = usual
    if extent:
        other = (*(2 * size for size in extent), {1: 3, 3: 1}.get(channels, channels))
    else:
        other = (2 * channels,)
    model = tiny.create(input_shape=other, compile=False)
    assert model.input_shape[1:] == other


def logits(tiny):
    """Without its activation the model has the same loss on the same weights."""
    model = tiny.create(classifier_activation=None)
    model.set_weights(tiny.model.get_weights())
    losses = [
        one.test_on_batch(tiny.x, tiny.y, return_dict=True)["loss"]
        for one in (model, tiny.model)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    outputs = predict(model, tiny.x)
    assert all(abs(output.sum(-1) - 1).max() > 1e-3 for output in outputs)


def headless(tiny):
    """`include_top=False` ends in features and has nothing to compile."""
    model = tiny.create(include_top=False)
    assert not model.compiled
    assert shapes(model.outputs) != shapes(tiny.model.outputs)
    assert len(model.weights) < len(tiny.model.weights)


def mixed_precision(tiny):
    """Under mixed_bfloat16 the model runs, and a classifier's output stays float32."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = tiny.create(compile=False)
    finally:
        keras.config.set_dtype_policy("float32")
    outputs = predict(model, first(tiny.x, 1))
    assert all(np.isfinite(np.asarray(o, "float32")).all() for o in outputs)
    if "classifier_activation" in keywords(tiny.card.name):
        assert all(output.dtype == "float32" for output in outputs)


def refuses(tiny):
    """Nothing is silently ignored."""
    with pytest.raises(TypeError, match="no_such_keyword"):
        tiny.create(no_such_keyword=1)
    with pytest.raises(TypeError, match="positional"):
        catalog.builder(tiny.card.name)((8, 8, 1))


EVERYWHERE = (builds, forward, trains, saves)
# Checks by the keyword that a builder must have to promise it.
PROMISES = {
    "classes": classes,
    "input_shape": input_shape,
    "classifier_activation": logits,
    "include_top": headless,
}


def checks(name):
    """Names of the checks that apply to a card."""
    promised = [PROMISES[k] for k in PROMISES if k in keywords(name)]
    return [c.__name__ for c in (*EVERYWHERE, *promised, mixed_precision, refuses)]


def pairs():
    for name in kerazoo.list_models():
        for check in checks(name):
            reason = EXCEPTIONS.get(check, {}).get(name)
            marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
            yield pytest.param(name, check, marks=marks, id=f"{name}-{check}")


@pytest.mark.parametrize(("name", "check"), pairs())
def test_contract(name, check, tmp_path):
    function = getattr(sys.modules[__name__], check)
    if "tmp_path" in inspect.signature(function).parameters:
        function(reduced(name), tmp_path)
    else:
        function(reduced(name))


def test_exceptions_name_cards_and_checks_that_apply():
    for check, names in EXCEPTIONS.items():
        for name in names:
            assert check in checks(name), f"{check} does not apply to {name}"
