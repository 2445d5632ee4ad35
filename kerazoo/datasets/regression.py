"""Generated regression problems, whose true densities are known."""

import numpy as np

from kerazoo.datasets.embedded import embedded


def _random(split):
    return np.random.default_rng({"train": 0, "test": 1}[split])


@embedded(
    "noisy_sine",
    kind="arrays",
    classes=None,
    about="y = sin 2x with Gaussian noise of deviation 0.05 + 0.25 |sin x|, x uniform "
    "in -3..3; 2,000 train, 1,000 test",
)
def noisy_sine(split, input_shape=None):
    """A curve with noise that depends on the place, `(n, 1)` to `(n, 1)`."""
    random = _random(split)
    x = random.uniform(-3, 3, (2000 if split == "train" else 1000, 1))
    y = np.sin(2 * x) + noise_of_sine(x) * random.standard_normal(x.shape)
    return x.astype("float32"), y.astype("float32")


def noise_of_sine(x):
    """True standard deviation of `noisy_sine` at `x`."""
    return 0.05 + 0.25 * np.abs(np.sin(x))


@embedded(
    "inverse_problem",
    kind="arrays",
    classes=None,
    about="Bishop's: to find t from x = t + 0.3 sin(2 pi t) + noise uniform within "
    "0.1, t uniform in 0..1, so that x in the middle has three answers; 1,000 train, "
    "1,000 test",
)
def inverse_problem(split, input_shape=None):
    """Input x and target t, `(n, 1)` each."""
    random = _random(split)
    t = random.uniform(0, 1, (1000, 1))
    x = t + 0.3 * np.sin(2 * np.pi * t) + random.uniform(-0.1, 0.1, t.shape)
    return x.astype("float32"), t.astype("float32")
