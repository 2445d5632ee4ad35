"""Key maps of kerazoo/zoo/vision/faster_rcnn.py."""

from kerazoo.weights.translation import Layout

TORCHVISION = Layout(
    [
        ("conv1_conv", "backbone.body.conv1"),
        ("conv1_bn", "backbone.body.bn1"),
        (
            r"conv(\d)_(\d+)_(\d)_(conv|bn)",
            lambda stage, block, n, kind: (
                f"backbone.body.layer{stage - 1}.{block - 1}.{kind}{n}"
            ),
        ),
        (
            r"conv(\d)_(\d+)_shortcut_(conv|bn)",
            lambda stage, block, kind: (
                f"backbone.body.layer{stage - 1}.{block - 1}.downsample."
                f"{int(kind == 'bn')}"
            ),
        ),
        (r"lateral(\d)", lambda level: f"backbone.fpn.inner_blocks.{level - 2}.0"),
        (r"p(\d)", lambda level: f"backbone.fpn.layer_blocks.{level - 2}.0"),
        ("rpn_conv", "rpn.head.conv.0.0"),
        ("rpn_scores", "rpn.head.cls_logits"),
        ("rpn_boxes", "rpn.head.bbox_pred"),
        (r"(fc\d)", r"roi_heads.box_head.\1"),
        (r"(cls_score|bbox_pred)", r"roi_heads.box_predictor.\1"),
    ],
    # Checkpoints older than torchvision 0.13, the public one among them.
    renames=[
        (r"^(backbone\.fpn\.\w+_blocks\.\d)\.(weight|bias)$", r"\1.0.\2"),
        (r"^rpn\.head\.conv\.(weight|bias)$", r"rpn.head.conv.0.0.\1"),
    ],
)
