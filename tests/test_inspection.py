"""Parameters and multiply-accumulates against formulas, on every backend."""

import json

import keras
import pytest
from keras import layers, ops

from kerazoo import catalog, inspection


def chain(shape, *stack, **keywords):
    return keras.Sequential([keras.Input(shape, **keywords), *stack])


@keras.saving.register_keras_serializable(package="test")
class Patches(layers.Layer):
    """Patches cut without a product, then projected by hand, half by half."""

    def build(self, shape):
        self.kernel = self.add_weight(shape=(4 * 4 * 3, 10), name="kernel")

    def call(self, x):
        x = ops.image.extract_patches(x, 4)  # 4x4x48
        left, right = x[:, :, :2], x[:, :, 2:]
        return ops.matmul(left, self.kernel), ops.einsum(
            "...i,ij->...j", right, self.kernel
        )


@keras.saving.register_keras_serializable(package="test")
class Recurrence(layers.Layer):
    """A loop of keras.ops: one convolution and one product in each of 6 steps."""

    def build(self, shape):
        self.kernel = self.add_weight(shape=(3, shape[-1], 4), name="kernel")
        self.square = self.add_weight(shape=(4, 4), name="square")

    def call(self, x):
        x = ops.conv(x, self.kernel, padding="same")  # 5x4

        def step(carry, _):
            carry = ops.matmul(carry, self.square)
            return carry, carry

        return ops.scan(step, x, length=6)[0]


def transformer_block():
    inputs = x = keras.Input((10, 16))
    y = layers.MultiHeadAttention(4, 4, dropout=0.1)(x, x, use_causal_mask=True)
    x = layers.LayerNormalization()(x + y)
    y = layers.Dense(64, activation="gelu")(x)
    return keras.Model(inputs, x + layers.Dense(16)(y))


def cross_attention():
    query, value = keras.Input((6, 8), name="query"), keras.Input((9, 12), name="value")
    attention = layers.MultiHeadAttention(2, 5, value_dim=3, output_shape=7)
    scores = attention(query, value, return_attention_scores=True)
    return keras.Model({"query": query, "value": value}, scores)


def siamese():
    """A nested model used twice, and a product that belongs to no layer."""
    encoder = chain((8,), layers.Dense(4, name="hidden"), layers.Dense(3, name="code"))
    encoder.name = "encoder"
    left, right = keras.Input((8,)), keras.Input((8,))
    a, b = encoder(left), encoder(right)
    outputs = [ops.einsum("bi,bj->bij", a, b), layers.Dense(2, name="head")(a)]
    return keras.Model([left, right], outputs)


class Subclassed(keras.Model):
    """Has no symbolic graph of its own."""

    def __init__(self):
        super().__init__()
        self.embed = layers.Embedding(20, 6, name="embed")
        self.head = layers.Dense(5, name="head")

    def call(self, ids, training=None):
        return self.head(self.embed(ids))


def subclassed():
    model = Subclassed()
    model(keras.Input((7,), dtype="int32"))
    return model


conv_lstm = dict(filters=5, kernel_size=3, padding="same")
# Multiply-accumulates by hand.
MODELS = {
    "strided": (
        lambda: chain((9, 9, 2), layers.Conv2D(4, 3, strides=2)),
        4 * 4 * 4 * 9 * 2,
    ),
    "grouped and dilated": (
        lambda: chain(
            (16, 16, 8), layers.Conv2D(12, 3, padding="same", groups=4, dilation_rate=2)
        ),
        16 * 16 * 12 * 9 * 2,
    ),
    "depthwise": (
        lambda: chain((8, 8, 3), layers.DepthwiseConv2D(5, depth_multiplier=2)),
        4 * 4 * 6 * 25,
    ),
    "separable": (
        lambda: chain(
            (8, 8, 3), layers.SeparableConv2D(7, 3, padding="same", depth_multiplier=2)
        ),
        8 * 8 * (6 * 9 + 6 * 7),
    ),
    "transposed": (
        lambda: chain((4, 4, 16), layers.Conv2DTranspose(8, 5, 2, padding="same")),
        4 * 4 * 16 * 25 * 8,
    ),
    "one and three dimensions": (
        lambda: chain(
            (12, 4), layers.Conv1D(6, 5), layers.Reshape((2, 2, 2, 6)),
            layers.Conv3D(3, 2),
        ),
        8 * 6 * 5 * 4 + 3 * 8 * 6,
    ),
    "dense on a sequence": (lambda: chain((7, 5), layers.Dense(3)), 7 * 5 * 3),
    "transformer block": (
        transformer_block,
        4 * 10 * 16 * 16 + 2 * 10 * 10 * 16 + 2 * 10 * 16 * 64,
    ),
    "cross attention": (
        cross_attention,
        2 * (6 * 8 * 5 + 9 * 12 * 5 + 9 * 12 * 3 + 6 * 9 * 5 + 6 * 9 * 3 + 6 * 3 * 7),
    ),
    "lstm": (lambda: chain((11, 3), layers.LSTM(5)), 11 * 4 * 5 * (3 + 5)),
    "gru": (lambda: chain((11, 3), layers.GRU(5)), 11 * 3 * 5 * (3 + 5)),
    "gru, first form": (
        lambda: chain((11, 3), layers.GRU(5, reset_after=False)),
        11 * 3 * 5 * (3 + 5),
    ),
    "unrolled": (
        lambda: chain((4, 3), layers.SimpleRNN(5, unroll=True)),
        4 * 5 * (3 + 5),
    ),
    "masked bidirectional": (
        lambda: chain(
            (6,), layers.Embedding(9, 3, mask_zero=True),
            layers.Bidirectional(layers.LSTM(5, return_sequences=True)),
            dtype="int32",
        ),
        2 * 6 * 4 * 5 * (3 + 5),
    ),
    "bidirectional": (
        lambda: chain((6, 3), layers.Bidirectional(layers.GRU(5))),
        2 * 6 * 3 * 5 * (3 + 5),
    ),
    "stacked cells": (
        lambda: chain(
            (6, 3), layers.RNN([layers.LSTMCell(5), layers.GRUCell(4)])
        ),
        6 * (4 * 5 * (3 + 5) + 3 * 4 * (5 + 4)),
    ),
    "convolutional lstm": (
        lambda: chain((3, 8, 8, 2), layers.ConvLSTM2D(**conv_lstm)),
        3 * 4 * 8 * 8 * 5 * 9 * (2 + 5),
    ),
    "time distributed": (
        lambda: chain((3, 8, 8, 2), layers.TimeDistributed(layers.Conv2D(4, 3))),
        3 * 6 * 6 * 4 * 9 * 2,
    ),
    "patches": (lambda: chain((16, 16, 3), Patches()), 16 * 48 * 10),
    "loop": (lambda: chain((5, 2), Recurrence()), 5 * 4 * 3 * 2 + 6 * 5 * 4 * 4),
    "siamese": (siamese, 2 * (8 * 4 + 4 * 3) + 3 * 3 + 3 * 2),
    "subclassed": (subclassed, 7 * 6 * 5),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_macs_equal_the_formula(name):
    build, expected = MODELS[name]
    assert inspection.macs(inspection.skeleton(build)) == expected


@pytest.mark.parametrize("name", ["transformer block", "bidirectional", "patches"])
def test_a_model_with_values_counts_the_same_and_is_left_alone(name):
    build, expected = MODELS[name]
    model = build()
    before = [keras.ops.convert_to_numpy(v) for v in model.variables]
    assert inspection.macs(model) == expected
    for old, variable in zip(before, model.variables, strict=True):
        assert (old == keras.ops.convert_to_numpy(variable)).all()


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_count_the_same(python, backend):
    pytest.importorskip(backend)
    printed = python(__file__, KERAS_BACKEND=backend)
    assert json.loads(printed.splitlines()[-1]) == {
        name: expected for name, (_, expected) in MODELS.items()
    }


@pytest.mark.parametrize(
    "builder, params, expected",
    [
        ("VGG16", (138_357_544, 0), 15_470_264_320),
        ("ResNet50", (25_583_592, 53_120), 3_857_973_248),
        ("MobileNetV2", (3_504_872, 34_112), 300_774_272),
    ],
)
def test_keras_applications(builder, params, expected):
    model = inspection.skeleton(getattr(keras.applications, builder), weights=None)
    assert inspection.parameters(model) == params
    assert inspection.macs(model) == expected


@pytest.mark.parametrize("name", ["fleuret_mnist", "resnet50", "resnet18"])
def test_the_card_is_right(name):
    card, model = catalog.card(name), inspection.skeleton(name)
    assert inspection.parameters(model) == (card.params, card.non_trainable)
    assert inspection.macs(model) == card.macs
    assert not model.compiled


def test_a_skeleton_has_no_values_and_leaves_nothing_to_initialise():
    model = inspection.skeleton(lambda: chain((4,), layers.Dense(10**9)))
    assert inspection.parameters(model) == (5 * 10**9, 0)
    with keras.StatelessScope():
        pass  # would give values to what the skeleton left behind: 20 GB
    assert inspection.macs(model) == 4 * 10**9
    assert model.layers[0].kernel._value is None


def test_errors_of_a_builder_reach_the_caller():
    with pytest.raises(ValueError, match="shortcut"):
        inspection.skeleton("resnet18", shortcut="D")


@keras.saving.register_keras_serializable(package="test")
class Halving(layers.Layer):
    """Loops a data-dependent number of times."""

    def call(self, x):
        return ops.while_loop(
            lambda y: ops.sum(y) > 1, lambda y: (ops.matmul(y, y) / 2,), (x,)
        )[0]


@pytest.mark.parametrize(
    "build",
    [
        lambda: chain((None, None, 3), layers.Conv2D(4, 3)),
        lambda: chain((4, 4), Halving()),
        lambda: keras.Sequential([layers.Dense(3)]),
    ],
    ids=["open shape", "data-dependent loop", "not built"],
)
def test_macs_are_none_where_they_are_not_defined(build):
    assert inspection.macs(inspection.skeleton(build)) is None


def test_macs_are_none_when_keras_moved(monkeypatch):
    from keras.src import backend

    model = chain((8, 8, 3), layers.Conv2D(4, 3))
    before = backend.numpy.matmul, backend.nn.conv, layers.Layer.__call__
    with monkeypatch.context() as patch:
        patch.delattr(backend.nn, "separable_conv")
        assert inspection.macs(model) is None
    assert before == (backend.numpy.matmul, backend.nn.conv, layers.Layer.__call__)
    assert inspection.macs(model) == 6 * 6 * 4 * 27
    assert before == (backend.numpy.matmul, backend.nn.conv, layers.Layer.__call__)


def test_layer_table_unfolds_models_and_adds_up():
    model = inspection.skeleton(siamese)
    rows = inspection.layer_table(model)
    assert [tuple(row) for row in rows] == [
        ("encoder/hidden", "Dense", (4,), 36, 2 * 8 * 4),
        ("encoder/code", "Dense", (3,), 15, 2 * 4 * 3),
        ("head", "Dense", (2,), 8, 3 * 2),
        ("(between layers)", "", None, 0, 3 * 3),
    ]
    for name, (build, expected) in MODELS.items():
        model = inspection.skeleton(build)
        rows = inspection.layer_table(model)
        assert sum(row.params for row in rows) == model.count_params(), name
        assert sum(row.macs for row in rows) == expected, name


def test_layer_table_knows_shapes_inside_a_subclassed_model():
    rows = inspection.layer_table(inspection.skeleton(subclassed))
    assert [row.shape for row in rows] == [(7, 6), (7, 5)]


def test_layer_table_of_several_outputs_and_open_shapes():
    rows = inspection.layer_table(inspection.skeleton(cross_attention))
    assert rows[-1].shape == [(6, 7), (2, 6, 9)]
    model = chain((None, None, 3), layers.Conv2D(4, 3, name="conv"))
    assert inspection.layer_table(model) == [
        ("conv", "Conv2D", (None, None, 4), 112, None)
    ]


def test_summary_groups_long_networks_by_the_names_of_the_paper(capsys):
    inspection.summary("resnet50")
    text = capsys.readouterr().out
    for fact in (
        "ResNet-50", "arXiv:1512.03385", "image classification", "imagenet2012",
        "224x224x3", "conv4_6", "14x14x1024", "25,557,032", "3,857,973,248",
        "FLOPs = 2 x MACs", "layers=True",
    ):  # fmt: skip
        assert fact in text
    assert "conv4_6_1_conv" not in text
    assert len(text.splitlines()) < 45


def test_summary_lists_every_layer_on_request(capsys):
    inspection.summary("resnet18", layers=True, classes=7)
    text = capsys.readouterr().out
    assert "conv4_2_1_conv" in text and "layers=True" not in text


def test_summary_of_a_model_of_the_user(capsys):
    inspection.summary(chain((None, 5), layers.Dense(3, name="head")))
    text = capsys.readouterr().out
    assert "head" in text and "?x3" in text and "not defined" in text
    with pytest.raises(TypeError, match="classes"):
        inspection.summary(chain((5,), layers.Dense(3)), classes=3)


if __name__ == "__main__":
    counts = {
        name: inspection.macs(inspection.skeleton(build))
        for name, (build, _) in MODELS.items()
    }
    print(json.dumps(counts))
