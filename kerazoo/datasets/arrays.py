"""Batches of arrays that are in a model's shape already."""

import tensorflow as tf
from keras import tree

SHUFFLE_BUFFER = 2**16


def batches(
    examples, source, model, *, preprocess, augment, batch_size, shuffle, seed,
    drop_remainder,
):  # fmt: skip
    """Batches of a `Source` of arrays; there is nothing to preprocess or augment.

    Raises:
        ValueError: the inputs have not the shapes that the model takes.
    """
    given = [tuple(spec.shape) for spec in tree.flatten(examples.element_spec[0])]
    wanted = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    if len(given) != len(wanted) or not all(map(fits, given, wanted)):
        raise ValueError(
            f"Dataset {source.name!r} gives inputs of shape {_text(given)}, but "
            f"{model.name!r} takes {_text(wanted)}."
        )
    if shuffle:
        size = int(examples.cardinality())
        examples = examples.shuffle(min(size, SHUFFLE_BUFFER), seed=seed)
    grouped = examples.batch(batch_size, drop_remainder=drop_remainder)
    return grouped.prefetch(tf.data.AUTOTUNE)


def fits(given, wanted):
    """Whether a shape is one that a model takes, None standing for any size."""
    return len(given) == len(wanted) and all(
        b is None or a == b for a, b in zip(given, wanted, strict=True)
    )


def _text(shapes):
    return ", ".join(map(str, shapes))
