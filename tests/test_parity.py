"""Outputs equal those of independent implementations, for the same weights."""

import json

import keras
import numpy as np
import pytest
from golden import peers
from sources import keywords

import kerazoo
from kerazoo.weights import translation

PAPERS = sorted(peers.HERE.glob("paper/*.json"))
GOLDENS = sorted({*peers.HERE.glob("*/*.json")} - {*PAPERS})


def name(path):
    return f"{path.parent.name}-{path.stem}"


def compare(outputs, golden):
    found = peers.sample(outputs)
    scale = np.max(golden["std"])
    for key in ("logits", "mean", "std"):
        np.testing.assert_allclose(
            found[key], golden[key], rtol=1e-4, atol=1e-4 * scale, err_msg=key
        )


@pytest.mark.parametrize("path", GOLDENS, ids=name)
def test_outputs_equal_the_peers(path):
    golden = json.loads(path.read_text())
    if "tokens" in golden:
        config, x = {}, peers.tokens(golden["input_seed"], *golden["tokens"])
    else:
        shape = tuple(golden["input_shape"])
        config = {"input_shape": shape}
        if "classifier_activation" in keywords(golden["builder"]):
            config["classifier_activation"] = None
        x = peers.inputs(golden["input_seed"], shape)
    model = kerazoo.create(
        golden["builder"], compile=False, **config, **golden["config"]
    )
    layout = translation.get_layout(model, golden["peer"])
    shapes = translation.foreign_shapes(translation.sources(model, layout))
    assert len(shapes) == golden["tensors"]
    assert peers.fingerprint(shapes) == golden["fingerprint"], (
        "The key map gives other names or shapes than the peer has."
    )
    state = peers.weights(shapes, gain=golden["gain"], native=layout.native)
    assert not translation.compare(model, state, layout)
    translation.assign(model, state, layout)
    # Eager: tracing 150 layers takes longer than running them once.
    outputs = keras.tree.map_structure(
        keras.ops.convert_to_numpy, model(x, training=False)
    )
    if isinstance(outputs, dict):
        outputs = peers.detections(outputs)
    if "tokens" in golden:
        outputs = outputs[:, -1]  # of the last token
    if "steps" in golden:  # of a diffusion, one for each image
        outputs = model.noise(x, golden["steps"]).reshape(len(x), -1)
    compare(outputs, golden)
    if "generated" in golden:
        model.run_eagerly = keras.backend.backend() == "tensorflow"
        new = len(golden["generated"][0])
        continued = model.generate(x, new)[:, x.shape[1] :]
        assert continued.tolist() == golden["generated"]


@pytest.mark.parametrize("path", PAPERS, ids=name)
def test_outputs_equal_those_of_the_network_written_from_its_paper(path):
    golden = json.loads(path.read_text())
    shape = tuple(golden["input_shape"])
    model = kerazoo.create(
        golden["builder"], compile=False, input_shape=shape, classifier_activation=None,
        **golden["config"],
    )  # fmt: skip
    variables = {
        f"{layer.name}/{variable.name}": variable
        for layer in model.layers
        for variable in layer.weights
    }
    shapes = {name: tuple(variable.shape) for name, variable in variables.items()}
    assert len(shapes) == golden["tensors"]
    assert peers.fingerprint(shapes) == golden["fingerprint"]
    for name, value in peers.weights(shapes, native=True).items():
        variables[name].assign(value)
    x = golden["scale"] * peers.inputs(golden["input_seed"], shape)
    compare(keras.ops.convert_to_numpy(model(x, training=False)), golden)


def test_every_layout_with_a_peer_has_a_golden():
    """A key map that no golden exercises proves nothing."""
    exercised = {
        (kerazoo.card(golden["builder"]).module, golden["peer"])
        for golden in (json.loads(path.read_text()) for path in GOLDENS)
    }
    claimed = {
        (card.module, layout)
        for card in map(kerazoo.card, kerazoo.list_models())
        for layout in card.weights
    }
    assert claimed == exercised
