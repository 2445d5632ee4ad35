"""Datasets that need no network: real ones that dependencies ship, generated ones.

An embedded dataset is a function `(split, input_shape) -> (x, y)` of NumPy arrays with
a "train" and a "test" split. Of kind "images", `x` is uint8 `(n, height, width,
channels)` and the image adapter fits it to the model; of kind "arrays", `x` is what a
model with `input_shape` (without the batch axis) takes.
"""

import dataclasses
import functools
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Embedded:
    """An embedded dataset: name, kind, number of classes, origin, names of classes."""

    name: str
    kind: str
    classes: int | None
    about: str
    load: Callable
    labels: tuple | None = None


EMBEDDED: dict[str, Embedded] = {}


def embedded(name, *, kind, classes, about, labels=None):
    """Registers the decorated function as an embedded dataset.

    Args:
        name: what `kerazoo.fit(model, name)` calls it.
        kind: `"images"` or `"arrays"`.
        classes: number of classes, or None where the targets are no labels.
        about: one line: what it is, and its source or recipe.
        labels: names of the classes, where they have others than numbers.
    """

    def register(load):
        EMBEDDED[name] = Embedded(name, kind, classes, about, load, labels)
        return load

    return register


@functools.cache
def _digits():
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    x, y = load_digits(return_X_y=True)
    x = (x.reshape(-1, 8, 8, 1) * (255 / 16)).round().astype("uint8")
    return train_test_split(x, y, test_size=360, random_state=0, stratify=y)


@embedded(
    "digits",
    kind="images",
    classes=10,
    about="1,797 real 8x8 handwritten digits of scikit-learn (UCI), 1,437 train and "
    "360 test, stratified with seed 0",
)
def digits(split, input_shape=None):
    """Handwritten digits, the offline stand-in for MNIST."""
    x_train, x_test, y_train, y_test = _digits()
    return (x_train, y_train) if split == "train" else (x_test, y_test)
