"""Detectors: boxes, suppression, RoIAlign, the data and the measure, Faster R-CNN."""

import builtins
import importlib.util

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import kerazoo
from kerazoo import coco, datasets, report
from kerazoo.datasets import Source, detection
from kerazoo.datasets.tfds import VIEWS
from kerazoo.layers import RoIAlign, boxes
from kerazoo.layers.anchors import anchor_grids


def numpy(x):
    return ops.convert_to_numpy(x)


def random_boxes(random, *shape, side=100.0):
    corner = random.uniform(0, side, (*shape, 2))
    return np.concatenate(
        [corner, corner + random.uniform(1, side / 2, (*shape, 2))], -1
    ).astype("float32")


# --- boxes


def test_overlap():
    first = np.float32([[0, 0, 4, 4], [0, 0, 2, 2]])
    second = np.float32([[0, 0, 4, 4], [2, 2, 6, 6], [5, 5, 6, 6], [1, 1, 1, 1]])
    np.testing.assert_allclose(
        numpy(boxes.iou(first, second)),
        [[1, 4 / 28, 0, 0], [4 / 16, 0, 0, 0]],
        atol=1e-6,
    )


def test_codes():
    random = np.random.default_rng(0)
    some, references = random_boxes(random, 2, 50), random_boxes(random, 50)
    scale = (10.0, 10.0, 5.0, 5.0)
    deltas = boxes.encode(some, references, scale)
    np.testing.assert_allclose(
        numpy(boxes.decode(deltas, references, scale)), some, atol=1e-3
    )
    # A box of twice the size, half a size to the right.
    deltas = boxes.encode(np.float32([[0, -5, 20, 15]]), np.float32([[0, 0, 10, 10]]))
    np.testing.assert_allclose(numpy(deltas), [[0.5, 0, np.log(2), np.log(2)]], 1e-5)
    nothing = boxes.encode(np.zeros((1, 4), "float32"), np.zeros((1, 4), "float32"))
    assert np.isfinite(numpy(nothing)).all()


def test_anchors():
    coarse, fine = anchor_grids((64, 96, 3), [(2, 3), (4, 6)], [(32,), (10, 20)])
    assert coarse.shape == (2 * 3 * 3, 4) and fine.shape == (4 * 6 * 6, 4)
    # torchvision's: 32 / sqrt(0.5) = 45.25 wide, half of it rounded
    np.testing.assert_array_equal(coarse[0], [-23, -11, 23, 11])
    np.testing.assert_array_equal(coarse[1], [-16, -16, 16, 16])
    np.testing.assert_array_equal(coarse[4], [16, -16, 48, 16])  # a column further
    np.testing.assert_array_equal(coarse[10], [-16, 16, 16, 48])  # a row further
    np.testing.assert_array_equal(fine[3], [-10, -10, 10, 10])  # ratio 1, size 20


def test_matching():
    references = np.float32(
        [[0, 0, 10, 10], [0, 0, 10, 8], [0, 0, 10, 4], [50, 50, 60, 60]]
    )
    true = np.float32([[[0, 0, 10, 10], [50, 52, 60, 72]], [[0, 0, 10, 10]] * 2])
    labels = np.int32([[2, 0], [-1, -1]])
    nearest, state = boxes.match(references, true, labels, low=0.3, high=0.7)
    assert numpy(nearest)[0].tolist() == [0, 0, 0, 1]
    # overlaps 1, 0.8, 0.4 with the first, 8 / 22 with the second; no box in the other
    assert numpy(state).tolist() == [[1, 1, -1, -1], [0, 0, 0, 0]]
    _, state = boxes.match(references, true, labels, low=0.3, high=0.7, keep_best=True)
    assert numpy(state).tolist() == [[1, 1, -1, 1], [0, 0, 0, 0]]


def test_sampling():
    state = np.full((3, 50), -1, "int32")
    state[:, 10:] = 0
    state[0, 10:30] = 1  # more than the quota
    state[1, 10:12] = 1  # fewer
    state[2, 10:] = -1
    state[2, 20] = 0  # hardly any example at all
    seed = keras.random.SeedGenerator(0)
    index, weight = map(numpy, boxes.sample(state, 16, 0.25, seed))
    drawn = np.take_along_axis(state, index, 1)
    assert ((drawn == 1) & (weight == 1)).sum(1).tolist() == [4, 2, 0]
    assert weight.sum(1).tolist() == [16, 16, 1]
    assert (drawn[weight == 1] >= 0).all()
    assert all(len(set(row)) == 16 for row in index)
    again, _ = boxes.sample(state, 16, 0.25, seed)
    assert (numpy(again) != index).any()


@pytest.mark.parametrize("by_class", [False, True])
def test_suppression_equals_the_sequential_algorithm(by_class):
    random = np.random.default_rng(1)
    some = random_boxes(random, 20, 60)
    valid = random.uniform(size=(20, 60)) < 0.9
    labels = random.integers(3, size=(20, 60)) if by_class else np.zeros((20, 60))
    found = boxes.non_max_suppression(
        some, valid, 0.3, labels.astype("int32") if by_class else None
    )
    overlap = numpy(boxes.iou(some, some))
    for i in range(20):
        kept = []
        for j in np.flatnonzero(valid[i]):
            rivals = [k for k in kept if labels[i, k] == labels[i, j]]
            if all(overlap[i, j, k] <= 0.3 for k in rivals):
                kept.append(j)
        assert np.flatnonzero(numpy(found)[i]).tolist() == kept
    assert not numpy(boxes.non_max_suppression(some, np.zeros_like(valid), 0.3)).any()


# --- RoIAlign


def test_roi_align_of_a_slope_is_the_slope():
    """Interpolation is exact on a linear map: bins have the value of their centre."""
    y, x = np.mgrid[:32, :32].astype("float32")
    fine = np.stack([x, y], -1)[None]  # stride 4
    coarse = 100 + fine[:, :16, :16]  # stride 8
    layer = RoIAlign(2, strides=(4, 8))
    regions = np.float32([[[8, 12, 24, 28], [0, 0, 113, 113]]])
    patches = numpy(layer([fine, coarse], regions))
    assert patches.shape == layer.compute_output_shape(
        [fine.shape, coarse.shape], regions.shape
    )
    # 2..6 by 3..7 on the fine map
    np.testing.assert_allclose(patches[0, 0, 0], [[3, 4], [5, 4]], atol=1e-5)
    np.testing.assert_allclose(patches[0, 0, 1], [[3, 6], [5, 6]], atol=1e-5)
    # From 112 pixels on it is the coarse map: a quarter of 113 / 8.
    np.testing.assert_allclose(patches[0, 1, 0, 0], [103.53125] * 2, atol=1e-4)


def test_roi_align_equals_torchvision():
    torch = pytest.importorskip("torch")
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed")
    from golden import peers

    peers.declare_torchvision_operators()
    poolers = importlib.import_module("torchvision.ops.roi_align")
    torch.compiler.set_stance("force_eager")
    random = np.random.default_rng(2)
    features = random.standard_normal((2, 20, 30, 3)).astype("float32")
    regions = random_boxes(random, 2, 12, side=100).clip(0, 150)
    rows = np.concatenate([np.repeat([[0.0], [1.0]], 12, 0), regions.reshape(-1, 4)], 1)
    expected = poolers._roi_align(
        torch.from_numpy(features.transpose(0, 3, 1, 2)),
        torch.from_numpy(rows.astype("float32")), 1 / 8, 3, 3, 2, False,
    )  # fmt: skip
    found = numpy(RoIAlign(3, strides=(8,))([features], regions))
    expected = expected.numpy().reshape(2, 12, 3, 3, 3).transpose(0, 1, 3, 4, 2)
    np.testing.assert_allclose(found, expected, atol=1e-4)


# --- average precision


def things(boxes, labels, scores=None):
    arrays = {"boxes": np.float32(boxes), "labels": np.int32(labels)}
    return arrays if scores is None else arrays | {"scores": np.float32(scores)}


def test_average_precision():
    pytest.importorskip("pycocotools")
    a, b, far = [0, 0, 10, 10], [50, 50, 70, 70], [100, 100, 110, 110]
    true = things([[a, b], [a, [-1] * 4]], [[0, 0], [1, -1]])
    perfect = true | {"scores": np.float32([[0.9, 0.8], [0.7, 0.0]])}
    measured = coco.mean_average_precision(perfect, true)
    assert measured == pytest.approx({"map": 1, "map_50": 1})
    # Of class 0 the best detection is wrong: precisions 0 / 1, 1 / 2, 2 / 3 make 2 / 3
    # at every recall. Of class 1 nothing is found.
    found = things(
        [[far, a, b], [far, far, far]], [[0, 0, 0], [-1, -1, -1]],
        [[0.9, 0.8, 0.7], [0, 0, 0]],
    )  # fmt: skip
    measured = coco.mean_average_precision(found, true)
    assert measured["map_50"] == pytest.approx((2 / 3 + 0) / 2)
    # An overlap of 0.82 counts up to there: at 0.50, 0.55, ..., 0.80.
    one = things([[[0, 0, 10, 8.2]]], [[0]], [[1.0]])
    measured = coco.mean_average_precision(one, things([[a]], [[0]]))
    assert measured == pytest.approx({"map": 0.7, "map_50": 1})
    nothing = things(np.zeros((1, 3, 4)), [[-1] * 3], [[0] * 3])
    assert coco.mean_average_precision(nothing, true)["map"] == 0
    assert coco.mean_average_precision(one, nothing)["map"] == -1


def test_average_precision_without_pycocotools(monkeypatch):
    original = builtins.__import__

    def refuse(name, *arguments, **keywords):
        if name.startswith("pycocotools"):
            raise ImportError(name)
        return original(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=r'pip install "kerazoo\[detection\]"'):
        coco.mean_average_precision({}, {})


# --- data


class Probe:
    """Something with the shape and the classes of a detector."""

    name, classes = "probe", 3

    def __init__(self, *shape):
        self.input_shape = (None, *shape)

    def detect(self, images):
        pass


def adapted(model, images, targets, **settings):
    examples = tf.data.Dataset.from_tensor_slices((images, targets))
    source = Source("made", "detection", 3, ("train",), images.shape[1:], None)
    usual = {"preprocess": {"mean": 0.0, "std": 1.0}, "augment": {}, "seed": 0}
    batches = detection.batches(
        examples, source, model, batch_size=2, shuffle=False, drop_remainder=False,
        **usual | settings,
    )  # fmt: skip
    return next(batches.as_numpy_iterator())


def test_images_are_fitted_with_their_boxes():
    image = np.zeros((1, 20, 40, 3), "uint8")
    image[0, 10:, :20] = 200  # the lower left quarter
    target = {
        "boxes": np.float32([[[0, 10, 20, 20], [-1] * 4]]),
        "labels": np.array([[2, -1]]),
    }
    images, found = adapted(Probe(60, 60, 3), image, target)
    assert images.shape == (1, 60, 60, 3)
    np.testing.assert_allclose(found["boxes"][0], [[0, 15, 30, 30], [-1] * 4])
    assert found["labels"].tolist() == [[2, -1]] and found["labels"].dtype == "int32"
    inside = images[0, 16:29, 1:29]
    np.testing.assert_allclose(inside, 200)
    np.testing.assert_allclose(images[0, 30:], 0)  # filled up
    assert images.sum() == pytest.approx(200 * 3 * 15 * 30, rel=0.05)


def test_boxes_are_mirrored_with_their_images():
    images = np.zeros((40, 8, 12, 1), "uint8")
    images[:, 2:5, 1:4] = 1
    target = {
        "boxes": np.float32([[[1, 2, 4, 5]]] * 40),
        "labels": np.zeros((40, 1), "int32"),
    }
    seen = set()
    for seed in range(20):
        found, targets = adapted(
            Probe(8, 12, 1), images, target, augment={"flip": True}, seed=seed
        )
        for image, (box,) in zip(found, targets["boxes"], strict=True):
            left, top, right, bottom = box.astype(int)
            assert image[top:bottom, left:right].all() and image.sum() == 9
            seen.add(left)
    assert seen == {1, 8}


def test_data_that_do_not_fit_are_refused():
    examples = tf.data.Dataset.from_tensors((0, {"labels": np.zeros(2)}))
    source = Source("made", "detection", 20, ("train",), (8, 8, 3), None)
    settings = dict(
        preprocess={}, augment={}, batch_size=1, shuffle=False, seed=0,
        drop_remainder=False,
    )  # fmt: skip
    with pytest.raises(ValueError, match="Build it with classes=20"):
        detection.batches(examples, source, Probe(8, 8, 3), **settings)
    with pytest.raises(ValueError, match="detects nothing"):
        blind = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()])
        datasets.load("shapes/boxes", model=blind)


@pytest.mark.parametrize(
    ("name", "classes", "vague"),
    [("coco/2017", 80, "is_crowd"), ("voc/2007", 20, "is_difficult")],
)
def test_data_by_name(name, classes, vague, monkeypatch):
    import tensorflow_datasets as tfds

    monkeypatch.setattr("kerazoo.datasets.tfds._check_online", lambda: None)
    model = kerazoo.create("faster_rcnn_vgg16", tiny=True, compile=False)
    with tfds.testing.mock_data(policy=tfds.testing.MockPolicy.USE_CODE):
        source = datasets.find(name, model)
    assert (source.kind, source.classes) == ("detection", classes)
    # The mock would give as many labels as it likes, not one for each box.
    view = VIEWS["boxes"][name.split("/")[0]]
    example = {
        "image": tf.zeros((20, 40, 3), tf.uint8),
        "objects": {
            "bbox": tf.constant([[0.1, 0.2, 0.5, 1.0], [0.0, 0.0, 1.0, 1.0]]),
            "label": tf.constant([7, 8], tf.int64),
            vague: tf.constant([False, True]),
        },
    }
    true = view.target(example)
    np.testing.assert_allclose(true["boxes"], [[8, 2, 40, 10]], atol=1e-5)
    assert true["labels"].numpy().tolist() == [7]


@pytest.mark.parametrize(
    ("name", "split"), [("coco/2017", "validation"), ("voc/2007", "test")]
)
def test_the_split_that_measures_has_answers(name, split):
    source = Source(name, "detection", 3, ("train", "validation", "test"), None, None)
    assert datasets.evaluation_split(source) == split


# --- the detector


@pytest.fixture(scope="module")
def detector():
    keras.utils.set_random_seed(0)
    model = kerazoo.create(
        "faster_rcnn_resnet50_fpn", tiny=True, filters=4, pyramid_filters=8, units=8
    )
    model.run_eagerly = keras.backend.backend() == "tensorflow"
    return model


@pytest.fixture(scope="module")
def batch(detector):
    data = datasets.load("shapes/boxes", "test", model=detector, batch_size=4)
    return next(data.as_numpy_iterator())


def test_detections(detector, batch, tmp_path):
    images, true = batch
    found = detector.predict(images, verbose=0)
    assert {k: (v.shape, str(v.dtype)) for k, v in found.items()} == {
        "boxes": ((4, 20, 4), "float32"),
        "scores": ((4, 20), "float32"),
        "labels": ((4, 20), "int32"),
    }
    real = found["labels"] >= 0
    assert (found["scores"][real] > 0.05).all() and not found["scores"][~real].any()
    assert (np.diff(found["scores"]) <= 0).all()
    assert (found["boxes"] >= 0).all() and (found["boxes"] <= 64).all()
    listed = detector.detect(images)
    assert [len(one["labels"]) for one in listed] == real.sum(1).tolist()
    path = tmp_path / "found.png"
    report.detections(np.zeros((4, 64, 64, 3)), listed, path, names=["a", "b", "c"])
    true = [{key: values[i] for key, values in true.items()} for i in range(4)]
    figure = report.detections(np.zeros((4, 64, 64, 3)), true)
    drawn = sum(len(axis.patches) for axis in figure.axes)
    assert path.exists() and drawn == sum((one["labels"] >= 0).sum() for one in true)
    assert len(report.answers(detector, "shapes/boxes", n=2).axes) == 4


def test_images_without_boxes_teach_the_background(detector, batch):
    images, true = batch
    empty = {"boxes": -np.ones_like(true["boxes"]), "labels": 0 * true["labels"] - 1}
    losses = detector.test_on_batch(images, empty, return_dict=True)
    assert all(np.isfinite(value) for value in losses.values())
    assert losses["boxes_loss"] == losses["proposal_boxes_loss"] == 0
    assert losses["classes_loss"] > 0


def test_a_perfect_first_network_proposes_the_true_boxes(batch):
    """Objectness and corrections as they should be lead to the true boxes."""
    keras.utils.set_random_seed(0)
    model = kerazoo.create("faster_rcnn_resnet50_fpn", tiny=True, compile=False)
    true, labels = batch[1]["boxes"], batch[1]["labels"]
    objectness, deltas = [], []
    for anchors in model.proposals.anchors:
        nearest, state = boxes.match(
            anchors, true, labels, low=0.3, high=0.5, keep_best=True
        )
        objectness.append(ops.cast(state, "float32"))
        deltas.append(boxes.encode(boxes.pick(true, nearest), anchors))
    proposed = model.proposals(objectness, deltas)
    overlap = numpy(boxes.iou(true, proposed)).max(-1)
    assert (overlap[labels >= 0] > 0.99).all()


def test_evaluation_measures_average_precision(detector, batch):
    pytest.importorskip("pycocotools")
    images, true = batch
    results = detector.evaluate(images, true, batch_size=4, verbose=0, return_dict=True)
    assert {"loss", "map", "map_50", "classes_loss"} <= set(results)
    found = detector.predict(images, verbose=0)
    expected = coco.mean_average_precision(found, true)
    assert results["map_50"] == pytest.approx(expected["map_50"])
    data = tf.data.Dataset.from_tensor_slices(batch).batch(2)
    assert detector.evaluate(data, steps=2, verbose=0, return_dict=True)[
        "map"
    ] == pytest.approx(results["map"], abs=0.02)  # other batches may round otherwise
    history = detector.fit(data.take(1), validation_data=data.take(1), verbose=0)
    assert len(history.history["val_map_50"]) == 1
    assert np.isfinite(history.history["val_loss"]).all()


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="multiples of 32"):
        kerazoo.faster_rcnn_resnet50_fpn(input_shape=(100, 128, 3))
    with pytest.raises(ValueError, match="must have 5 entries"):
        kerazoo.faster_rcnn_resnet50_fpn(anchor_sizes=(32, 64))
    with pytest.raises(ValueError, match="multiples of 16"):
        kerazoo.faster_rcnn_vgg16(input_shape=(100, 128, 3))


def test_old_checkpoints_are_renamed():
    from kerazoo.weights import translation

    model = kerazoo.inspection.skeleton("faster_rcnn_resnet50_fpn", tiny=True)
    layout = translation.get_layout(model, "torchvision")
    old = {
        "backbone.fpn.inner_blocks.0.weight": 0,
        "backbone.fpn.layer_blocks.3.bias": 1,
        "rpn.head.conv.weight": 2,
        "backbone.body.conv1.weight": 3,
    }
    assert translation.rename(old, layout) == {
        "backbone.fpn.inner_blocks.0.0.weight": 0,
        "backbone.fpn.layer_blocks.3.0.bias": 1,
        "rpn.head.conv.0.0.weight": 2,
        "backbone.body.conv1.weight": 3,
    }
