"""The paper's sizes: exact counts of every card, on models without values."""

import inspect
import math

import keras
import pytest

import kerazoo
from kerazoo import inspection


def shapes(tensors):
    return [tuple(t.shape[1:]) for t in keras.tree.flatten(tensors)]


@pytest.mark.parametrize("name", kerazoo.list_models())
def test_full_size(name):
    card = kerazoo.card(name)
    model = inspection.skeleton(name)
    assert inspection.parameters(model) == (card.params, card.non_trainable)
    assert inspection.macs(model) == card.macs
    assert model.name == name
    usual = inspect.signature(kerazoo.catalog.builder(name)).parameters
    if "input_shape" in usual:
        assert shapes(model.inputs) == [tuple(usual["input_shape"].default)]
    if "classifier_activation" in usual:
        classes = usual["classes"].default
        assert {shape[-1] for shape in shapes(model.outputs)} == {classes}


def variants():
    for name in kerazoo.list_models():
        for label in kerazoo.card(name).variants:
            yield pytest.param(name, label, id=f"{name}-{label}")


@pytest.mark.parametrize(("name", "label"), variants())
def test_variant(name, label):
    variant = kerazoo.card(name).variants[label]
    model = inspection.skeleton(name, **variant["config"])
    trainable, _ = inspection.parameters(model)
    assert trainable == variant["params"]


def test_a_skeleton_holds_no_values():
    """GPT-3's widest matrices would need half a terabyte."""

    def builder():
        inputs = keras.Input((12288,))
        x = inputs
        for _ in range(192):
            x = keras.layers.Dense(12288, use_bias=False)(x)
        return keras.Model(inputs, x)

    trainable, _ = inspection.parameters(inspection.skeleton(builder))
    assert trainable == 192 * 12288**2
    # What is built next in this thread is given its values as ever.
    layer = keras.layers.Dense(3)
    layer.build((None, 2))
    assert math.prod(keras.ops.convert_to_numpy(layer.kernel).shape) == 6
