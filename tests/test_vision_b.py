"""Facts of DenseNet, ViT, ConvNeXt, the later Inceptions, ResNet v2 and WRN."""

import math

import keras
import numpy as np
import pytest

import kerazoo
from kerazoo.inspection import skeleton
from kerazoo.zoo.vision import convnext, inception_v3, skin_cancer_net, vit

# Output shapes of the papers' tables.
STAGES = {
    "densenet121": {
        "conv1_conv": (112, 112, 64),
        "pool1": (56, 56, 64),
        "block1_layer6": (56, 56, 256),
        "transition1_pool": (28, 28, 128),
        "block2_layer12": (28, 28, 512),
        "transition2_pool": (14, 14, 256),
        "block3_layer24": (14, 14, 1024),
        "transition3_pool": (7, 7, 512),
        "block4_layer16": (7, 7, 1024),
    },
    "densenet40_k12": {
        "block1_layer12": (32, 32, 160),
        "transition1_pool": (16, 16, 160),
        "block2_layer12": (16, 16, 304),
        "block3_layer12": (8, 8, 448),
    },
    "densenet_bc100_k12": {
        "conv1": (32, 32, 24),
        "block1_layer16": (32, 32, 216),
        "transition1_conv": (32, 32, 108),
        "block3_layer16": (8, 8, 342),
    },
    "vit_base_16": {
        "patch_embedding": (14, 14, 768),
        "class_token": (197, 768),
        "encoder12_add2": (197, 768),
    },
    "vit_huge_14": {"patches": (256, 1280), "encoder32_add2": (257, 1280)},
    "vit_cifar": {"position_embedding": (65, 128)},
    "convnext_tiny": {
        "stem_norm": (56, 56, 96),
        "stage1_3_add": (56, 56, 96),
        "stage2_3_add": (28, 28, 192),
        "stage3_9_add": (14, 14, 384),
        "stage4_3_add": (7, 7, 768),
    },
    "convnext_cifar": {
        "stem_conv": (31, 31, 32),
        "stage2_2_add": (15, 15, 64),
        "stage3_2_add": (7, 7, 128),
    },
    "inception_v3": {
        "stem_1": (149, 149, 32),
        "stem_2": (147, 147, 32),
        "stem_3": (147, 147, 64),
        "pool1": (73, 73, 64),
        "stem2_2": (71, 71, 192),
        "pool2": (35, 35, 192),
        "mixed5b": (35, 35, 256),
        "mixed5d": (35, 35, 288),
        "mixed6a": (17, 17, 768),
        "mixed6e": (17, 17, 768),
        "mixed7a": (8, 8, 1280),
        "mixed7c": (8, 8, 2048),
    },
    "bn_inception": {
        "conv1": (112, 112, 64),
        "pool2": (28, 28, 192),
        "inception3b": (28, 28, 320),
        "inception3c": (14, 14, 576),
        "inception4d": (14, 14, 608),
        "inception4e": (7, 7, 1056),
        "inception5b": (7, 7, 1024),
    },
    "inception_v4": {
        "mixed3a": (73, 73, 160),
        "mixed4a": (71, 71, 192),
        "mixed5a": (35, 35, 384),
        "inception_a4": (35, 35, 384),
        "reduction_a": (17, 17, 1024),
        "inception_b7": (17, 17, 1024),
        "reduction_b": (8, 8, 1536),
        "inception_c3": (8, 8, 1536),
    },
    "inception_resnet_v2": {
        "mixed5b": (35, 35, 320),
        "block35_10": (35, 35, 320),
        "mixed6a": (17, 17, 1088),
        "block17_20": (17, 17, 1088),
        "mixed7a": (8, 8, 2080),
        "conv7b_1": (8, 8, 1536),
    },
    "inception_resnet_v1": {
        "stem2_2": (71, 71, 192),
        "stem3_1": (35, 35, 256),
        "block35_5": (35, 35, 256),
        "mixed6a": (17, 17, 896),
        "block17_10": (17, 17, 896),
        "mixed7a": (8, 8, 1792),
        "block8_5": (8, 8, 1792),
    },
    "xception": {
        "entry_conv1": (149, 149, 32),
        "entry_conv2": (147, 147, 64),
        "entry1_add": (74, 74, 128),
        "entry2_add": (37, 37, 256),
        "entry3_add": (19, 19, 728),
        "middle8_add": (19, 19, 728),
        "exit_add": (10, 10, 1024),
        "exit_conv2": (10, 10, 2048),
    },
    "resnet50_v2": {
        "conv1_conv": (112, 112, 64),
        "conv2_3": (56, 56, 256),
        "conv3_4": (28, 28, 512),
        "conv4_6": (14, 14, 1024),
        "conv5_3": (7, 7, 2048),
    },
    "resnet164_v2": {
        "conv2_18": (32, 32, 64),
        "conv3_18": (16, 16, 128),
        "conv4_18": (8, 8, 256),
    },
    "wide_resnet28_10": {
        "conv2_4": (32, 32, 160),
        "conv3_4": (16, 16, 320),
        "conv4_4": (8, 8, 640),
    },
}


@pytest.mark.parametrize("name", STAGES)
def test_stages_have_the_shapes_of_the_paper(name):
    model = skeleton(name)
    found = {layer: model.get_layer(layer).output.shape[1:] for layer in STAGES[name]}
    assert found == STAGES[name]


def test_stage_stride_decides_which_block_halves_the_map():
    first = skeleton("resnet50_v2").get_layer
    last = skeleton("resnet50_v2", stage_stride="last").get_layer
    assert first("conv3_1").output.shape[1:3] == (28, 28)
    assert first("conv2_3").output.shape[1:3] == (56, 56)
    assert last("conv2_2").output.shape[1:3] == (56, 56)
    assert last("conv2_3").output.shape[1:3] == (28, 28)
    assert last("conv5_3").output.shape == first("conv5_3").output.shape


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def layer_norm(x, layer):
    gamma, beta = layer.get_weights()
    x = x - x.mean(-1, keepdims=True)
    return gamma * x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) + beta


def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def test_encoder_block_is_that_of_equations_2_and_3():
    inputs = keras.Input((5, 8))
    block = keras.Model(inputs, vit.encoder_block(inputs, 2, 12, 0.0, name="block"))
    random = np.random.default_rng(0)
    block.set_weights([random.normal(0, 0.5, w.shape) for w in block.weights])
    x = random.normal(size=(3, 5, 8))
    found = keras.ops.convert_to_numpy(block(x.astype("float32")))

    y = layer_norm(x, block.get_layer("block_norm1"))
    wq, bq, wk, bk, wv, bv, wo, bo = block.get_layer("block_attention").get_weights()
    q, k, v = (np.einsum("btd,dhe->bhte", y, w) for w in (wq, wk, wv))
    q, k, v = q + bq[:, None], k + bk[:, None], v + bv[:, None]
    scores = softmax(q @ k.swapaxes(-1, -2) / math.sqrt(4))
    x = x + np.einsum("bhte,hed->btd", scores @ v, wo) + bo
    w1, b1 = block.get_layer("block_mlp_1").get_weights()
    w2, b2 = block.get_layer("block_mlp_2").get_weights()
    y = layer_norm(x, block.get_layer("block_norm2"))
    expected = x + gelu(y @ w1 + b1) @ w2 + b2

    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_class_token_comes_first_and_positions_are_weights():
    token, positions = vit.ClassToken(), vit.PositionEmbedding()
    x = np.ones((2, 4, 3), "float32")
    token.build(x.shape)
    token.set_weights([np.full((1, 1, 3), 7.0)])
    y = keras.ops.convert_to_numpy(token(x))
    assert y.shape == (2, 5, 3)
    assert (y[:, 0] == 7).all() and (y[:, 1:] == 1).all()
    positions.build(y.shape)
    assert [w.shape for w in positions.trainable_weights] == [(1, 5, 3)]


def test_layer_scale_starts_at_its_value_and_learns_one_factor_per_channel():
    layer = convnext.LayerScale(1e-6)
    y = layer(np.ones((2, 4, 4, 3), "float32"))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(y), 1e-6, rtol=1e-6)
    assert [w.shape for w in layer.trainable_weights] == [(3,)]


def test_stochastic_depth_drops_whole_samples_and_keeps_the_mean():
    layer = convnext.StochasticDepth(0.25)
    x = np.ones((4000, 2, 2, 3), "float32")
    y = keras.ops.convert_to_numpy(layer(x, training=True))
    per_sample = y.reshape(len(y), -1)
    assert (per_sample == per_sample[:, :1]).all()
    np.testing.assert_allclose(np.unique(y), [0, 1 / 0.75], rtol=1e-6)
    assert abs((y == 0).mean() - 0.25) < 0.03
    again = keras.ops.convert_to_numpy(layer(x, training=True))
    assert (again != y).any()
    np.testing.assert_array_equal(layer(x, training=False), x)


def test_drop_path_grows_from_zero_to_the_last_block():
    model = skeleton("convnext_tiny", drop_path=0.1)
    names = [layer.name for layer in model.layers]
    assert "stage1_1_drop" not in names
    rates = [model.get_layer(n).rate for n in names if n.endswith("_drop")]
    np.testing.assert_allclose(rates, 0.1 * np.arange(1, 18) / 17)


def test_average_pools_count_the_padding_or_not():
    x = keras.Input((4, 4, 1))
    ones = np.ones((1, 4, 4, 1), "float32")
    for count, corner in ((True, 4 / 9), (False, 1.0)):
        pool = keras.Model(x, inception_v3.average_pool(x, count, name="pool"))
        y = keras.ops.convert_to_numpy(pool(ones))
        assert y.shape == ones.shape
        np.testing.assert_allclose([y[0, 0, 0, 0], y[0, 1, 1, 0]], [corner, 1])


def test_stem_pooling_of_resnet_v2_is_not_fooled_by_its_border():
    for stride, corner in (("first", -1.0), ("last", 0.0)):
        model = kerazoo.create(
            "resnet18_v2", tiny=True, stage_stride=stride, compile=False
        )
        pool = keras.Model(
            model.get_layer("conv1_conv").output, model.get_layer("pool1").output
        )
        y = keras.ops.convert_to_numpy(pool(-np.ones((1, 16, 16, 12), "float32")))
        assert y.shape == (1, 8, 8, 12)
        assert y[0, 0, 0, 0] == corner and y[0, 4, 4, 0] == -1


def test_auxiliary_head_of_inception_v3_trains_and_then_is_silent():
    model = kerazoo.create(
        "inception_v3", tiny=True, aux_head=True, input_shape=(299, 299, 3)
    )
    names = {layer.name for layer in model.layers}
    assert "aux_fc" in names
    x = np.zeros((2, 299, 299, 3), "float32")
    assert model(x).shape == (2, 10)
    assert [y.shape for y in model(x, training=True)] == [(2, 10), (2, 10)]
    assert model.weight == 0.4


def tiny_skin(**config):
    return kerazoo.create("skin_cancer_net", tiny=True, **config)


def test_frozen_backbone_leaves_only_the_head_to_training():
    model = tiny_skin(trainable_backbone=False, recipe={"metrics": None})
    backbone = model.get_layer("inception_v3")
    assert {w.path.split("/")[0] for w in model.trainable_weights} == {"fc"}
    before, head = backbone.get_weights(), model.get_layer("fc").get_weights()
    x = np.random.default_rng(0).normal(size=(4, 75, 75, 3)).astype("float32")
    model.run_eagerly = keras.backend.backend() != "jax"
    model.train_on_batch(x, np.arange(4))
    for old, new in zip(before, backbone.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)  # BatchNorm statistics too
    assert (head[0] != model.get_layer("fc").get_weights()[0]).any()


def test_taxonomy_sums_training_classes_and_takes_over_weights():
    trained = tiny_skin(compile=False)
    groups = (0, 0, 0, 1, 1, 1, 1, 2, 2, 2)
    tested = tiny_skin(groups=groups, compile=False)
    tested.set_weights(trained.get_weights())
    x = np.random.default_rng(0).normal(size=(3, 75, 75, 3)).astype("float32")
    fine = keras.ops.convert_to_numpy(trained(x))
    coarse = keras.ops.convert_to_numpy(tested(x))
    expected = [fine[:, :3].sum(1), fine[:, 3:7].sum(1), fine[:, 7:].sum(1)]
    np.testing.assert_allclose(coarse, np.stack(expected, 1), rtol=1e-5)


def test_weights_of_inception_v3_fit_the_backbone():
    config = dict(kerazoo.card("skin_cancer_net").tiny)
    del config["classes"], config["dropout"]
    ready = skeleton("inception_v3", include_top=False, **config)
    backbone = skeleton("skin_cancer_net", tiny=True).get_layer("inception_v3")
    assert [w.path for w in ready.weights] == [w.path for w in backbone.weights]
    # The head first, then all layers: one list of weights for both.
    frozen, tuned = (
        skeleton("skin_cancer_net", tiny=True, trainable_backbone=trainable)
        for trainable in (False, True)
    )
    assert [w.path for w in frozen.weights] == [w.path for w in tuned.weights]


def test_facenet_ends_in_a_linear_block_and_an_embedding():
    paper = skeleton("inception_resnet_v1", tiny=True)
    facenet = skeleton("inception_resnet_v1", tiny=True, embedding=6)
    names = {layer.name for layer in facenet.layers}
    more = names - {layer.name for layer in paper.layers}
    assert {name.partition("_")[0] for name in more} == {"block8", "fc"}
    assert "block8_last" not in names  # no ReLU
    assert facenet.get_layer("block8_last_scale").scale == 1.0
    assert facenet.get_layer("fc").input.shape == (None, 6)


def test_a_plain_network_has_no_shortcut():
    for name in ("resnet50", "wide_resnet50_2", "resnet20"):
        model = skeleton(name, tiny=True, shortcut=None)
        added = [x for x in model.layers if isinstance(x, keras.layers.Add)]
        assert not added, name


@pytest.mark.parametrize("name", ["resnet110", "resnet1202", "resnet164_v2"])
def test_deep_cifar_networks_warm_up(name):
    assert kerazoo.card(name).recipe["schedule"]["warmup_epochs"] == 1


def test_groups_of_the_taxonomy_are_registered():
    layer = skin_cancer_net.TaxonomySum([0, 1, 0])
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    assert again.groups == [0, 1, 0]


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        ("vit_base_16", {"input_shape": (100, 100, 3)}, "patch_size"),
        ("vit_base_16", {"num_heads": 5}, "num_heads"),
        ("vit_base_16", {"input_shape": (None, None, 3)}, "input_shape"),
        ("vit_base_16", {"patch_size": 0}, "patch_size"),
        ("densenet40_k12", {"depth": 41}, "depth"),
        ("resnet20", {"shortcut": "D"}, "shortcut"),
        ("resnet20", {"n": 0}, "`n`"),
        ("resnet164_v2", {"n": 0}, "`n`"),
        ("enet_classifier", {"input_shape": (33, 33, 3)}, "input_shape"),
        ("enet_classifier", {"width": 0.1}, "width"),
        ("convnext_tiny", {"filters": (8, 16)}, "filters"),
        ("convnext_tiny", {"drop_path": 1.0}, "drop_path"),
        # What Keras refuses is told with the arguments of the call.
        ("inception_v4", {"input_shape": (60, 60, 3)}, r"input_shape=\(60, 60, 3\)"),
        ("resnet18", {"input_shape": (32, 32)}, r"input_shape=\(32, 32\)"),
        ("resnet18", {"classes": 0}, "`classes` must be a positive integer"),
        ("wide_resnet28_10", {"depth": 27}, "depth"),
        ("resnet50_v2", {"stage_stride": "middle"}, "stage_stride"),
        ("convnext_cifar", {"step": "giant"}, "step"),
        ("inception_v3", {"blocks": (4, 4, 2)}, "blocks"),
        ("inception_v3", {"include_top": False, "aux_head": True}, "aux_head"),
        ("inception_v3", {"input_shape": (128, 128, 3), "aux_head": True}, "aux_head"),
        ("inception_v3", {"blocks": (3, 4)}, "blocks` must have 3 entries"),
        ("inception_v3", {"blocks": (-1, 4, 2)}, "blocks"),
        ("bn_inception", {"blocks": (3, 4, 2)}, "blocks"),
        ("bn_inception", {"blocks": (2, 4)}, "blocks` must have 3 entries"),
        ("bn_inception", {"blocks": (2, -1, 2)}, "blocks"),
        ("skin_cancer_net", {"classes": 3, "groups": (0, 2, 2)}, "groups"),
        ("skin_cancer_net", {"classes": 3, "groups": (0, 1, "a")}, "groups"),
        ("skin_cancer_net", {"classes": 3, "groups": 3}, "groups"),
        (
            "skin_cancer_net",
            {"classes": 2, "groups": (0, 1), "classifier_activation": None},
            "classifier_activation",
        ),
    ],
)
def test_refusals_name_the_argument(name, config, message):
    with pytest.raises(ValueError, match=message):
        skeleton(name, **config)
