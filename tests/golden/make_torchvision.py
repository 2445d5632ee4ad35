"""Regenerates tests/golden/torchvision: python make_torchvision.py [MODEL ...]."""

import numpy as np
import peers

peers.declare_torchvision_operators()

import torchvision  # noqa: E402

MODELS = {
    "alexnet": dict(builder="alexnet_owt"),
    "vgg16_bn": dict(),
    "googlenet": dict(
        builder="googlenet_bn",
        peer={"aux_logits": True, "init_weights": False},
        input_shape=(96, 96, 3),
    ),
    "resnet18": dict(input_shape=(96, 96, 3), gain=0.7),
    "resnet34": dict(input_shape=(96, 96, 3), gain=0.7),
    "resnet50": dict(
        config={"stride_on": "3x3"}, input_shape=(96, 96, 3), gain=0.7
    ),
    "resnet101": dict(
        config={"stride_on": "3x3"}, input_shape=(96, 96, 3), gain=0.7
    ),
    "resnet152": dict(
        config={"stride_on": "3x3"}, input_shape=(96, 96, 3), gain=0.7
    ),
    "densenet121": dict(input_shape=(64, 64, 3)),
    "vit_b_16": dict(builder="vit_base_16"),
    "convnext_tiny": dict(input_shape=(64, 64, 3)),
    "inception_v3": dict(
        config={"count_include_pad": True},
        peer={"aux_logits": False, "init_weights": False},
        input_shape=(139, 139, 3),
    ),
    "wide_resnet50_2": dict(input_shape=(64, 64, 3), gain=0.7),
    "fasterrcnn_resnet50_fpn": dict(
        builder="faster_rcnn_resnet50_fpn",
        config={"classes": 90, "proposals": (2000, 100)},
        peer={"num_classes": 91, "rpn_post_nms_top_n_test": 100},
        input_shape=(128, 160, 3),
        gain=0.4,
    ),
}  # fmt: skip


def run(model, x, settings, fill):
    if "rcnn" in model:
        return run_detector(model, x, settings, fill)
    net = torchvision.models.get_model(model, weights=None, **settings.get("peer", {}))
    return peers.run_torch(net, x, fill)


def run_detector(model, x, settings, fill):
    """Detections, in images that are taken as they are."""
    import torch

    torchvision.ops.boxes.nms = non_max_suppression
    torch.compiler.set_stance("force_eager")  # for RoIAlign in Python
    net = torchvision.models.get_model(
        model,
        weights=None,
        weights_backbone=None,
        min_size=min(x.shape[1:3]),
        max_size=max(x.shape[1:3]),
        image_mean=[0.0] * 3,
        image_std=[1.0] * 3,
        **settings["peer"],
    )
    found = peers.run_torch(net, x, fill)
    count = net.roi_heads.detections_per_img
    shape = {"boxes": (count, 4), "scores": (count,), "labels": (count,)}
    padded = {k: np.zeros((len(x), *v)) for k, v in shape.items()}
    padded["labels"] -= 1
    for i, image in enumerate(found):
        for key, values in image.items():
            # The first class has the number 1 there.
            padded[key][i, : len(values)] = values - (key == "labels")
    return peers.detections(padded)


def non_max_suppression(boxes, scores, threshold):
    """What torchvision's compiled operator does."""
    import torch

    left, kept = scores.argsort(descending=True, stable=True), []
    while len(left):
        kept.append(left[0])
        overlap = torchvision.ops.box_iou(boxes[left[:1]], boxes[left])[0]
        left = left[overlap <= threshold]
    return torch.stack(kept) if kept else left


if __name__ == "__main__":
    peers.make("torchvision", torchvision.__version__.partition("+")[0], MODELS, run)
