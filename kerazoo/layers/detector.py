"""What every detector of objects does: it detects, and is measured by its boxes."""

import itertools

import keras
import numpy as np

from kerazoo import coco
from kerazoo.layers.composite import Composite


@keras.saving.register_keras_serializable(package="kerazoo")
class Detector(Composite):
    """A model from images to detections, with the mean average precision as a measure.

    The outputs are a mapping of `boxes` (batch, n, 4), `scores` (batch, n) and `labels`
    (batch, n), the best first, padded by the label -1; the targets are `boxes` and
    `labels` likewise. Boxes are (left, top, right, bottom) in pixels of the input.
    """

    def detect(self, images):
        """What is where in images.

        Args:
            images: array `(n, *input_shape)` as the model takes them.

        Returns:
            For every image a dictionary of NumPy arrays: `boxes` (k, 4), `scores` (k,)
            and `labels` (k,), the best of its k detections first.
        """
        found = self.predict(images, verbose=0)
        return [
            {key: value[i][labels >= 0] for key, value in found.items()}
            for i, labels in enumerate(found["labels"])
        ]

    def evaluate(
        self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None,
        steps=None, callbacks=None, return_dict=False, **keywords,
    ):  # fmt: skip
        """As `keras.Model.evaluate`, with COCO's `map` and `map_50` in the results.

        The average precision belongs to a whole data set, not to its batches: the
        detections are gathered in a second pass.
        """
        results = super().evaluate(
            x, y, batch_size=batch_size, verbose=verbose, sample_weight=sample_weight,
            steps=steps, callbacks=callbacks, return_dict=True, **keywords,
        )  # fmt: skip
        found, true = [], []
        for batch in itertools.islice(_batches(x, y, batch_size or 32), steps):
            images, targets, _ = keras.utils.unpack_x_y_sample_weight(batch)
            found.append(self.predict_on_batch(_array(images)))
            true.append(keras.tree.map_structure(_array, targets))
        found, true = map(_joined, (found, true))
        results |= coco.mean_average_precision(found, true)
        return results if return_dict else list(results.values())


def _batches(x, y, batch_size):
    """Batches of what `evaluate` takes, in order."""
    if isinstance(x, keras.utils.PyDataset):
        yield from map(x.__getitem__, range(x.num_batches))
    elif y is None:
        yield from x
    else:
        for start in range(0, len(x), batch_size):
            part = slice(start, start + batch_size)
            yield x[part], {key: values[part] for key, values in y.items()}


def _array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def _joined(batches):
    return keras.tree.map_structure(lambda *parts: np.concatenate(parts), *batches)
