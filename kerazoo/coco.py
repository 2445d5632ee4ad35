"""Mean average precision as COCO measures it, by pycocotools.

The only file that knows that library.
"""

import contextlib
import io

import numpy as np


def mean_average_precision(found, true):
    """How well detections find the true boxes.

    Args:
        found: `boxes` (images, n, 4) as (left, top, right, bottom), `scores` (images,
            n) and `labels` (images, n), a mapping of arrays; label -1 where there is
            no detection.
        true: likewise `boxes` and `labels`.

    Returns:
        Mapping of `map` and `map_50`, the average precision at 101 recalls: its mean
        over classes, and over overlaps of 0.50, 0.55, ..., 0.95 or at 0.50 alone. 100
        detections of an image count. -1 where there is no true box at all.

    Raises:
        ImportError: pycocotools is not installed.
    """
    try:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    except ImportError as error:
        raise ImportError(
            'Average precision needs pycocotools: pip install "kerazoo[detection]"'
        ) from error
    images = [{"id": i} for i in range(len(true["labels"]))]
    labels = np.unique(true["labels"][true["labels"] >= 0])
    classes = [{"id": int(label)} for label in labels]
    sides = []
    with contextlib.redirect_stdout(io.StringIO()):  # it reports its progress
        for boxes in (true, found):
            side = COCO()
            side.dataset = {
                "images": images,
                "categories": classes,
                "annotations": list(_annotations(boxes)),
            }
            side.createIndex()
            sides.append(side)
        judge = COCOeval(*sides, "bbox")
        judge.evaluate()
        judge.accumulate()
    # overlaps x recalls x classes, for objects of all sizes, 100 detections an image
    precision = judge.eval["precision"][:, :, :, 0, -1]
    return {"map": _mean(precision), "map_50": _mean(precision[0])}


def _annotations(boxes):
    """Boxes in COCO's form: left, top, width, height, and numbers from 1 on."""
    scores = boxes.get("scores", np.ones(boxes["labels"].shape))
    for number, (image, n) in enumerate(np.argwhere(boxes["labels"] >= 0), start=1):
        left, top, right, bottom = map(float, boxes["boxes"][image, n])
        width, height = right - left, bottom - top
        yield {
            "id": number,
            "image_id": int(image),
            "category_id": int(boxes["labels"][image, n]),
            "bbox": [left, top, width, height],
            "area": width * height,
            "iscrowd": 0,
            "score": float(scores[image, n]),
        }


def _mean(precision):
    known = precision[precision >= 0]
    return float(known.mean()) if known.size else -1.0
