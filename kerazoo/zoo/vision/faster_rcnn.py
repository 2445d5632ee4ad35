"""Faster R-CNN (Ren, He, Girshick & Sun, 2015), and its feature pyramid (Lin et al.).

A small network slides over the feature map and proposes regions where something is,
whatever it is. A second one looks closer at each, on the same map: it names the thing
and corrects its box. Proposals cost next to nothing that way, and all is one network.
"""

import math

import keras
from keras import layers, ops

from kerazoo.architecture import architecture
from kerazoo.layers import boxes as box
from kerazoo.layers.anchors import anchor_grids
from kerazoo.layers.composite import mean_loss
from kerazoo.layers.detector import Detector
from kerazoo.layers.roi_align import RoIAlign
from kerazoo.zoo.vision.resnet import bottleneck_block, resnet
from kerazoo.zoo.vision.vgg import vgg

# The codes of the second stage: those of the first over 0.1, 0.1, 0.2, 0.2.
CODE = (10.0, 10.0, 5.0, 5.0)


@keras.saving.register_keras_serializable(package="kerazoo")
class Proposals(layers.Layer):
    """From objectness and corrections of all anchors to the most promising boxes.

    Of each level the best anchors are corrected and thinned out by non-maximum
    suppression; of all levels together the best are kept.

    Args:
        image_shape: `(height, width, ...)` of the images.
        grids: `(height, width)` of the maps of each level.
        sizes: sides of the anchors of each level, see `anchor_grids`.
        before: anchors of a level before the suppression, in training and at test.
        after: proposals of an image, in training and at test.
        threshold: overlap from which on the better proposal suppresses the other.
        smallest: pixels of the shortest side that a proposal may have.

    Called on lists, an entry for each level, of objectness `(batch, anchors)` and
    corrections `(batch, anchors, 4)`. The output is `(batch, after, 4)`; boxes of no
    area fill it up.
    """

    def __init__(
        self, image_shape, grids, sizes, before=(2000, 1000), after=(2000, 1000),
        threshold=0.7, smallest=1e-3, **keywords,
    ):  # fmt: skip
        super().__init__(dtype="float32", **keywords)
        self.config = {
            "image_shape": list(image_shape),
            "grids": [list(grid) for grid in grids],
            "sizes": [list(sides) for sides in sizes],
            "before": list(before),
            "after": list(after),
            "threshold": threshold,
            "smallest": smallest,
        }
        self.anchors = anchor_grids(image_shape, grids, sizes)

    def call(self, objectness, deltas, training=None):
        before, after = (self.config[k][not training] for k in ("before", "after"))
        boxes, scores = [], []
        for anchors, score, delta in zip(self.anchors, objectness, deltas, strict=True):
            score, index = ops.top_k(
                ops.stop_gradient(score), min(before, len(anchors))
            )
            delta = box.pick(ops.stop_gradient(delta), index)
            proposed = box.decode(delta, ops.take(anchors, index, axis=0))
            proposed = box.clip(proposed, self.config["image_shape"])
            valid = box.is_box(proposed, self.config["smallest"])
            stays = box.non_max_suppression(proposed, valid, self.config["threshold"])
            boxes.append(ops.where(stays[..., None], proposed, 0.0))
            scores.append(ops.where(stays, score, -math.inf))
        scores = ops.concatenate(scores, axis=1)
        _, index = ops.top_k(scores, min(after, scores.shape[1]))
        return box.pick(ops.concatenate(boxes, axis=1), index)

    def compute_output_spec(self, objectness, deltas, training=None):
        before, after = (self.config[k][not training] for k in ("before", "after"))
        count = min(after, sum(min(before, len(a)) for a in self.anchors))
        return keras.KerasTensor((objectness[0].shape[0], count, 4), "float32")

    def get_config(self):
        return {"name": self.name, "trainable": self.trainable, **self.config}


@keras.saving.register_keras_serializable(package="kerazoo")
class Detections(layers.Layer):
    """From the classes and corrections of all regions to what was found.

    Each class of a region is a candidate with a box of its own. Candidates of a class
    compete by non-maximum suppression.

    Args:
        image_shape: `(height, width, ...)` of the images.
        count: detections of an image.
        score: probability from which on a candidate counts.
        threshold: overlap from which on the better candidate suppresses the other.
        candidates: as many of the best compete.

    Called on logits `(batch, regions, classes + 1)`, the background first, corrections
    `(batch, regions, classes + 1, 4)` and regions `(batch, regions, 4)`. The output is
    that of a `Detector`.
    """

    def __init__(
        self, image_shape, count=100, score=0.05, threshold=0.5, candidates=1000,
        **keywords,
    ):  # fmt: skip
        super().__init__(dtype="float32", **keywords)
        self.image_shape, self.count = list(image_shape), count
        self.score, self.threshold = score, threshold
        self.candidates = candidates

    def call(self, logits, deltas, regions):
        scores = ops.softmax(logits)[:, :, 1:]
        boxes = box.decode(deltas[:, :, 1:], regions[:, :, None], CODE)
        boxes = box.clip(boxes, self.image_shape)
        every, classes = math.prod(scores.shape[1:]), scores.shape[2]
        kept, shown = self._counts(every)
        scores, index = ops.top_k(ops.reshape(scores, (-1, every)), kept)
        boxes = box.pick(ops.reshape(boxes, (-1, every, 4)), index)
        labels = ops.cast(index % classes, "int32")
        valid = ops.logical_and(scores > self.score, box.is_box(boxes, 1e-2))
        stays = box.non_max_suppression(boxes, valid, self.threshold, labels)
        scores, index = ops.top_k(ops.where(stays, scores, 0.0), shown)
        found = scores > 0
        return {
            "boxes": ops.where(found[..., None], box.pick(boxes, index), 0.0),
            "scores": scores,
            "labels": ops.where(found, box.pick(labels, index), -1),
        }

    def _counts(self, every):
        candidates = min(self.candidates, every)
        return candidates, min(self.count, candidates)

    def compute_output_spec(self, logits, deltas, regions):
        _, shown = self._counts(regions.shape[1] * (logits.shape[2] - 1))
        shape = regions.shape[0], shown
        return {
            "boxes": keras.KerasTensor((*shape, 4), "float32"),
            "scores": keras.KerasTensor(shape, "float32"),
            "labels": keras.KerasTensor(shape, "int32"),
        }

    def get_config(self):
        return {
            "name": self.name,
            "trainable": self.trainable,
            "image_shape": self.image_shape,
            "count": self.count,
            "score": self.score,
            "threshold": self.threshold,
            "candidates": self.candidates,
        }


def propose(rpn, pyramid):
    """Objectness `(batch, anchors)` and corrections, a list of each by level."""
    objectness, deltas = [], []
    for features in pyramid:
        scores, corrections = rpn(features)
        anchors = math.prod(scores.shape[1:])
        objectness.append(ops.reshape(scores, (-1, anchors)))
        deltas.append(ops.reshape(corrections, (-1, anchors, 4)))
    return objectness, deltas


def look_closer(roi_align, head, pyramid, regions, training=None):
    """Logits and corrections of every class for each region; class 0 is background."""
    patches = roi_align(pyramid, regions)
    patches = ops.reshape(patches, (-1, *patches.shape[2:]))
    logits, deltas = head(patches, training=training)
    count, classes = regions.shape[1], logits.shape[-1]
    logits = ops.reshape(logits, (-1, count, classes))
    return logits, ops.reshape(deltas, (-1, count, classes, 4))


@keras.saving.register_keras_serializable(package="kerazoo")
class FasterRCNN(Detector):
    """The two networks, trained together (section 3.2, approximate joint training).

    In training both learn from a sample of what `match` finds; the second one sees the
    proposals of the moment and the true boxes themselves. Metrics are the four losses.

    Args:
        backbone: model from images to a list of feature maps.
        rpn: model from a map to the objectness of its anchors and their corrections.
        proposals: the layer `Proposals`.
        roi_align: the layer `RoIAlign`.
        head: model from a patch to logits and corrections of all classes.
        detections: the layer `Detections`.
        anchor_samples: anchors of an image that the first network learns from.
        region_samples: regions of an image that the second network learns from.
        beta: error from which on the second box loss is linear.
        within: whether the first network learns from anchors inside of the image only.
    """

    PARTS = ("backbone", "rpn", "proposals", "roi_align", "head", "detections")
    LOSSES = ("objectness", "proposal_boxes", "classes", "boxes")

    def __init__(
        self, backbone, rpn, proposals, roi_align, head, detections, *,
        anchor_samples=256, region_samples=512, beta=1 / 9, within=False, **keywords,
    ):  # fmt: skip
        image = keras.Input(backbone.input_shape[1:], name="image")
        pyramid = keras.tree.flatten(backbone(image))
        regions = proposals(*propose(rpn, pyramid))
        logits, deltas = look_closer(roi_align, head, pyramid, regions)
        super().__init__(image, detections(logits, deltas, regions), **keywords)
        self.backbone, self.rpn, self.proposals = backbone, rpn, proposals
        self.roi_align, self.head, self.detections = roi_align, head, detections
        self.settings = {
            "anchor_samples": anchor_samples,
            "region_samples": region_samples,
            "beta": beta,
            "within": within,
        }
        self.classes = logits.shape[-1] - 1
        self.seed_generator = keras.random.SeedGenerator()
        self.losses_of = [keras.metrics.Mean(f"{name}_loss") for name in self.LOSSES]

    def call(self, inputs, training=None, mask=None):
        """Detections; in training what the loss is made of."""
        if not training:
            return super().call(inputs, training=training, mask=mask)
        return self.first_stage(inputs, training=training)

    def first_stage(self, images, training):
        """Feature maps, objectness and corrections, lists by level."""
        pyramid = keras.tree.flatten(self.backbone(images, training=training))
        return pyramid, *propose(self.rpn, pyramid)

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        if not training:  # then y_pred are detections
            y_pred = self.first_stage(x, training)
        pyramid, objectness, deltas = y_pred
        regions = self.proposals(objectness, deltas, training=training)
        losses = [
            *self.proposal_losses(objectness, deltas, y["boxes"], y["labels"]),
            *self.region_losses(pyramid, regions, y["boxes"], y["labels"], training),
        ]
        for metric, values in zip(self.losses_of, losses, strict=True):
            metric.update_state(values, sample_weight)
        return mean_loss(sum(losses), sample_weight)

    def proposal_losses(self, objectness, deltas, boxes, labels):
        """Equation 1 for each image: of objectness, of the anchors' corrections."""
        anchors = ops.concatenate(self.proposals.anchors)
        nearest, state = box.match(
            anchors, boxes, labels, low=0.3, high=0.7, keep_best=True
        )
        if self.settings["within"]:
            inside = ops.all(
                anchors == box.clip(anchors, self.backbone.input_shape[1:]), axis=-1
            )
            state = ops.where(inside, state, -1)
        index, weight = box.sample(
            state, self.settings["anchor_samples"], 0.5, self.seed_generator
        )
        positive = weight * ops.cast(box.pick(state, index) == 1, "float32")
        objectness = box.pick(ops.concatenate(objectness, axis=1), index)
        entropy = ops.binary_crossentropy(positive, objectness, from_logits=True)
        true = box.pick(boxes, box.pick(nearest, index))
        true = box.encode(true, ops.take(anchors, index, axis=0))
        errors = box.pick(ops.concatenate(deltas, axis=1), index) - true
        return mean(entropy, weight), mean(smooth_l1(errors, 1 / 9), weight, positive)

    def region_losses(self, pyramid, regions, boxes, labels, training):
        """For each image: of the regions' classes, and of their corrections."""
        true = ops.where(labels[..., None] >= 0, boxes, 0.0)
        regions = ops.concatenate([regions, true], axis=1)
        nearest, state = box.match(regions, boxes, labels, low=0.5, high=0.5)
        state = ops.where(box.is_box(regions), state, -1)
        index, weight = box.sample(
            state, self.settings["region_samples"], 0.25, self.seed_generator
        )
        regions, nearest = box.pick(regions, index), box.pick(nearest, index)
        positive = weight * ops.cast(box.pick(state, index) == 1, "float32")
        wanted = ops.where(positive > 0, box.pick(labels, nearest) + 1, 0)
        logits, deltas = look_closer(
            self.roi_align, self.head, pyramid, regions, training
        )
        entropy = ops.sparse_categorical_crossentropy(wanted, logits, from_logits=True)
        own = ops.one_hot(wanted, self.classes + 1)[..., None]
        true = box.encode(box.pick(boxes, nearest), regions, CODE)
        errors = ops.sum(deltas * own, axis=2) - true
        beta = self.settings["beta"]
        return mean(entropy, weight), mean(smooth_l1(errors, beta), weight, positive)

    def get_config(self):
        return {**super().get_config(), **self.settings}


def smooth_l1(errors, beta):
    """The sum over the last axis of errors, squared below beta and linear above."""
    errors = ops.abs(errors)
    square = 0.5 * ops.square(errors) / beta
    return ops.sum(ops.where(errors < beta, square, errors - beta / 2), axis=-1)


def mean(values, weight, chosen=None):
    """For each image the weighted sum of what is `chosen`, over all weights."""
    chosen = weight if chosen is None else chosen
    total = ops.maximum(ops.sum(weight, axis=1), 1.0)
    return ops.sum(chosen * values, axis=1) / total


def small_normal(std):
    """The papers' start of layers that nothing is pre-trained for."""
    return keras.initializers.RandomNormal(stddev=std)


def feature_pyramid(taps, filters):
    """Figure 3 of Lin et al.: coarse maps, doubled, are added to finer ones."""
    x, pyramid = None, []
    for level in reversed(range(2, 2 + len(taps))):
        lateral = layers.Conv2D(
            filters, 1, kernel_initializer="lecun_uniform", name=f"lateral{level}"
        )(taps[level - 2])
        if x is not None:
            x = layers.UpSampling2D(2, name=f"double{level + 1}")(x)
            lateral = layers.Add(name=f"merge{level}")([x, lateral])
        x = lateral
        merged = layers.Conv2D(
            filters, 3, padding="same", kernel_initializer="lecun_uniform",
            name=f"p{level}",
        )(x)  # fmt: skip
        pyramid.insert(0, merged)
    # One level more, for proposals alone.
    return [*pyramid, layers.MaxPooling2D(1, 2, name=f"p{2 + len(taps)}")(pyramid[-1])]


def region_proposal_network(channels, filters, anchors, softmax=False):
    """Figure 3: a 3x3 convolution, then objectness and 4 corrections of each anchor.

    With `softmax` objectness is the difference of two scores, as in the paper.
    """
    shared = {"kernel_initializer": small_normal(0.01)}
    features = keras.Input((None, None, channels))
    x = layers.Conv2D(
        filters, 3, padding="same", activation="relu", **shared, name="rpn_conv"
    )(features)
    objectness = layers.Conv2D(
        anchors * (2 if softmax else 1), 1, **shared, dtype="float32", name="rpn_scores"
    )(x)
    if softmax:
        background, thing = ops.split(objectness, 2, axis=-1)
        objectness = thing - background
    deltas = layers.Conv2D(4 * anchors, 1, **shared, dtype="float32", name="rpn_boxes")(
        x
    )
    return keras.Model(features, [objectness, deltas], name="rpn")


def region_head(size, channels, units, classes, dropout=0.0):
    """Two dense layers; from them logits, and 4 corrections of each class."""
    x = patch = keras.Input((size, size, channels))
    x = layers.Flatten(name="flatten")(x)
    for name in ("fc6", "fc7"):
        x = layers.Dense(units, activation="relu", name=name)(x)
        if dropout:
            x = layers.Dropout(dropout, name=f"{name}_dropout")(x)
    logits = layers.Dense(
        classes + 1, kernel_initializer=small_normal(0.01), dtype="float32",
        name="cls_score",
    )(x)  # fmt: skip
    deltas = layers.Dense(
        4 * (classes + 1), kernel_initializer=small_normal(0.001), dtype="float32",
        name="bbox_pred",
    )(x)  # fmt: skip
    return keras.Model(patch, [logits, deltas], name="head")


def faster_rcnn(
    backbone, rpn, head, *, strides, anchor_sizes, candidates, proposals, smallest,
    detections, threshold, **settings,
):  # fmt: skip
    """Figure 2: the parts put together."""
    image_shape = backbone.input_shape[1:]
    grids = [features.shape[1:3] for features in backbone.outputs]
    return FasterRCNN(
        backbone,
        rpn,
        Proposals(
            image_shape, grids, anchor_sizes, candidates, proposals, smallest=smallest,
            name="proposals",
        ),
        RoIAlign(head.input_shape[1], strides, dtype="float32", name="roi_align"),
        head,
        Detections(image_shape, detections, threshold=threshold, name="detections"),
        **settings,
    )  # fmt: skip


@architecture(
    title="Faster R-CNN with ResNet-50 and a feature pyramid",
    paper="Ren, He, Girshick & Sun, 2015, Faster R-CNN: Towards real-time object "
    "detection with region proposal networks, NeurIPS; with Lin et al., 2017, Feature "
    "pyramid networks for object detection, CVPR (arXiv:1612.03144)",
    year=2017,
    url="arXiv:1506.01497",
    task="object detection",
    lectures=[
        "001: Object detection, pose estimation, segmentation (2019), Detectron2",
        "002: DL Today: Vision, Faster R-CNN (Ren et al., 2015)",
    ],
    dataset="coco/2017",
    offline="shapes/boxes",
    params=41_757_156,
    non_trainable=53_120,
    macs=215_935_753_472,
    variants={"torchvision": {"config": {"classes": 90}, "params": 41_808_406}},
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.02, "momentum": 0.9, "l2": 1e-4},
        },
        "schedule": {
            "kind": "step", "epochs": [16, 22], "factor": 0.1, "warmup_epochs": 0.14,
        },
        "loss": None,
        "batch_size": 16,
        "epochs": 26,
        "augment": {"flip": True},
    },
    preprocess={
        "target": "boxes", "mean": [123.675, 116.28, 103.53],
        "std": [58.395, 57.12, 57.375],
    },
    published=[
        "COCO val2017 box AP 37.0 after 26 epochs from ImageNet (torchvision)",
    ],
    deviations=[
        "all weights start at random and all train, batch normalisation included; the "
        "papers start from an ImageNet trunk with frozen normalisation",
        "images are fitted into 800x1344 and padded, so that shapes are static: a "
        "picture taller than wide becomes smaller than with a short side of 800",
        "no more than 1,000 candidates of an image reach the last suppression",
        "losses are averaged in each image, then over the images",
        "crowds, which COCO's evaluation overlooks, are left out of the data",
    ],
    tiny={
        "input_shape": (64, 64, 3), "classes": 3, "blocks": (1, 1, 1), "filters": 8,
        "pyramid_filters": 32, "anchor_sizes": (10, 16, 26, 32), "roi_size": 5,
        "units": 64, "candidates": (120, 120), "proposals": (32, 32),
        "anchor_samples": 128, "region_samples": 24, "detections": 20,
    },
    tiny_recipe={
        "optimizer": {
            "class_name": "Adam",
            "config": {"learning_rate": 3e-3, "clipnorm": 10.0},
        },
        "schedule": {"kind": "one_cycle", "warmup": 0.1},
        "batch_size": 16,
        "epochs": 8,
    },
    learns={"map_50": 0.9},
    weights=["torchvision"],
)  # fmt: skip
def faster_rcnn_resnet50_fpn(
    *, input_shape=(800, 1344, 3), classes=80, blocks=(3, 4, 6, 3), filters=64,
    pyramid_filters=256, anchor_sizes=(32, 64, 128, 256, 512), roi_size=7, units=1024,
    candidates=(2000, 1000), proposals=(2000, 1000), anchor_samples=256,
    region_samples=512, detections=100,
):  # fmt: skip
    """Faster R-CNN with ResNet-50 and a feature pyramid (Ren et al., 2015; Lin et al.).

    The network of torchvision and Detectron2. `model.detect(images)` says what is
    where, `kerazoo.evaluate` gives COCO's mean average precisions. To fine-tune a
    checkpoint, freeze the normalisation: `layer.trainable = False` for those layers of
    `model.backbone`.

    Args:
        input_shape: height, width and channels of an image; height and width multiples
            of the stride of the last stage, 32.
        classes: number of classes, without the background.
        blocks: residual blocks in each stage.
        filters: channels of the first stage.
        pyramid_filters: channels of the pyramid and of the proposal network.
        anchor_sizes: side of the square anchor of each level, one level more than
            stages.
        roi_size: side of the patch that is cut out for a region.
        units: width of the two dense layers.
        candidates: best anchors of a level that become boxes, in training and at test.
        proposals: regions of an image, in training and at test.
        anchor_samples: anchors of an image that the loss samples.
        region_samples: regions of an image that the loss samples.
        detections: most detections of an image.

    Returns:
        A compiled `FasterRCNN`, `(batch, *input_shape)` standardised floats to a
        mapping of `boxes` (batch, detections, 4), `scores` and `labels` (batch,
        detections); label -1 is padding. It trains on `boxes` and `labels` likewise.

    Raises:
        ValueError: `input_shape` or `anchor_sizes` do not fit the stages.

    Example:
        >>> model = kerazoo.create("faster_rcnn_resnet50_fpn", tiny=True)
        >>> kerazoo.fit(model, "shapes/boxes")

    Reference:
        arXiv:1506.01497, section 3; arXiv:1612.03144, section 5.2.
    """
    coarsest = 2 ** (1 + len(blocks))
    if any(size % coarsest for size in input_shape[:2]):
        raise ValueError(
            f"Height and width of `input_shape` must be multiples of {coarsest}. "
            f"Received: input_shape={tuple(input_shape)}"
        )
    if len(anchor_sizes) != len(blocks) + 1:
        raise ValueError(
            f"`anchor_sizes` must have {len(blocks) + 1} entries, one more than "
            f"`blocks`. Received: anchor_sizes={tuple(anchor_sizes)}"
        )
    trunk = resnet(
        bottleneck_block, blocks, filters, input_shape, 0, include_top=False,
        classifier_activation=None, shortcut="B", stride_on="3x3",
    )  # fmt: skip
    taps = [
        trunk.get_layer(f"conv{stage}_{last}_relu").output
        for stage, last in enumerate(blocks, start=2)
    ]  # 200x336x256, 100x168x512, 50x84x1024, 25x42x2048
    pyramid = feature_pyramid(taps, pyramid_filters)  # and 13x21, all of 256 channels
    return faster_rcnn(
        keras.Model(trunk.input, pyramid, name="backbone"),
        region_proposal_network(pyramid_filters, pyramid_filters, anchors=3),
        region_head(roi_size, pyramid_filters, units, classes),
        strides=[2**level for level in range(2, 2 + len(blocks))],
        anchor_sizes=[(size,) for size in anchor_sizes],
        candidates=candidates,
        proposals=proposals,
        smallest=1e-3,
        detections=detections,
        threshold=0.5,
        anchor_samples=anchor_samples,
        region_samples=region_samples,
    )


@architecture(
    variant_of="faster_rcnn_resnet50_fpn",
    title="Faster R-CNN with VGG-16",
    paper="Ren, He, Girshick & Sun, 2015, Faster R-CNN: Towards real-time object "
    "detection with region proposal networks, NeurIPS",
    year=2015,
    lectures=["002: DL Today: Vision, Faster R-CNN (Ren et al., 2015)"],
    dataset="voc/2007",
    params=137_078_239,
    macs=229_152_798_720,
    recipe={
        "optimizer": {
            "class_name": "SGD",
            "config": {"learning_rate": 0.001, "momentum": 0.9, "l2": 5e-4},
        },
        "schedule": {"kind": "step", "epochs": [20], "factor": 0.1},
        "loss": None,
        "batch_size": 2,
        "epochs": 28,
        "augment": {"flip": True},
    },
    published=[
        "PASCAL VOC 2007 test mAP 69.9 %, trained on VOC 2007 trainval (Table 3)",
        "PASCAL VOC 2007 test mAP 73.2 %, trained on VOC 2007 and 2012 (Table 3)",
    ],
    deviations=[
        "all weights start at random and all train; the paper starts from VGG-16 as "
        "trained on ImageNet and keeps conv1 and conv2",
        "both networks train at once, as in the authors' later release; the paper "
        "alternates in four steps",
        "RoIAlign instead of RoIPool",
        "channels are standardised; the paper subtracts the mean colour only",
        "images are fitted into 608x1008 and padded, so that shapes are static",
        "the width of a box is right - left, without the pixel more of the authors",
        "anchors are centred on the corner of a place, not half a place further",
        "losses are averaged in each image, then over the images",
        "average precision as COCO defines it, not VOC 2007's of 11 recalls, and "
        "objects that are marked as difficult are left out of the data",
    ],
    tiny={
        "input_shape": (128, 128, 3), "classes": 3, "filters": (8, 16, 24, 32, 32),
        "anchor_sizes": (20, 32, 52), "roi_size": 4, "units": 64, "dropout": 0.0,
        "candidates": (120, 120), "proposals": (32, 32), "anchor_samples": 128,
        "region_samples": 24, "detections": 20,
    },
    tiny_recipe={
        "optimizer": {
            "class_name": "Adam",
            "config": {"learning_rate": 3e-3, "clipnorm": 10.0},
        },
        "schedule": {"kind": "one_cycle", "warmup": 0.1},
        "batch_size": 16,
        "epochs": 4,
    },
    learns={"map_50": 0.85},
    weights=[],
)  # fmt: skip
def faster_rcnn_vgg16(
    *, input_shape=(608, 1008, 3), classes=20, filters=(64, 128, 256, 512, 512),
    anchor_sizes=(128, 256, 512), roi_size=7, units=4096, dropout=0.5,
    candidates=(12000, 6000), proposals=(2000, 300), anchor_samples=256,
    region_samples=128, detections=100,
):  # fmt: skip
    """Faster R-CNN with VGG-16 (Ren et al., 2015).

    Args:
        input_shape: height, width and channels of an image; height and width multiples
            of 16.
        classes: number of classes, without the background.
        filters: channels of the five stages; the proposal network has those of the
            last.
        anchor_sizes: sides of the square anchors.
        roi_size: side of the patch that is cut out for a region.
        units: width of the two dense layers.
        dropout: rate after the two dense layers.
        candidates: best anchors that become boxes, in training and at test.
        proposals: regions of an image, in training and at test.
        anchor_samples: anchors of an image that the loss samples.
        region_samples: regions of an image that the loss samples.
        detections: most detections of an image.

    Returns:
        A compiled `FasterRCNN`, as `faster_rcnn_resnet50_fpn`.

    Raises:
        ValueError: height or width of `input_shape` is no multiple of 16.

    Example:
        >>> model = kerazoo.create("faster_rcnn_vgg16", tiny=True)
        >>> kerazoo.fit(model, "shapes/boxes")

    Reference:
        arXiv:1506.01497, section 3.
    """
    if any(size % 16 for size in input_shape[:2]):
        raise ValueError(
            "Height and width of `input_shape` must be multiples of 16. Received: "
            f"input_shape={tuple(input_shape)}"
        )
    trunk = vgg(
        "D", input_shape, 0, include_top=False, classifier_activation=None,
        filters=filters, units=units, dropout=dropout,
    )  # fmt: skip
    features = trunk.get_layer("conv5_3").output  # 38x63x512
    return faster_rcnn(
        keras.Model(trunk.input, [features], name="backbone"),
        region_proposal_network(
            filters[-1], filters[-1], anchors=3 * len(anchor_sizes), softmax=True
        ),
        region_head(roi_size, filters[-1], units, classes, dropout),
        strides=[16],
        anchor_sizes=[anchor_sizes],
        candidates=candidates,
        proposals=proposals,
        smallest=16.0,
        detections=detections,
        threshold=0.3,
        anchor_samples=anchor_samples,
        region_samples=region_samples,
        beta=1.0,
        within=True,
    )
