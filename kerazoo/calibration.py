"""Whether probabilities mean what they say: scores, reliability, kinds of uncertainty.

Everything is on NumPy arrays, as `model.predict` gives them.
"""

import collections

import numpy as np

Bin = collections.namedtuple("Bin", "confidence accuracy count")
Bin.__doc__ = """Predictions of like confidence.

Attributes:
    confidence: their mean predicted probability.
    accuracy: the share of them that came true.
    count: how many they are; both others are NaN where there are none.
"""

Uncertainty = collections.namedtuple("Uncertainty", "total noise ignorance")
Uncertainty.__doc__ = """What a prediction leaves open, sample by sample.

Attributes:
    total: of the combined prediction.
    noise: what members agree to leave open (aleatoric).
    ignorance: what comes from their disagreement (epistemic); the other two's
        difference.
"""


def scores(probabilities, labels, bins=15):
    """Proper scores and calibration of a classifier.

    Args:
        probabilities: `(n, classes)`.
        labels: integers `(n,)`.
        bins: of the expected calibration error.

    Returns:
        Mapping of `accuracy`, `nll` (mean negative log-likelihood, nats), `brier`
        (squared distance to the one-hot label, 0..2) and `ece`.

    Example:
        >>> kerazoo.calibration.scores(model.predict(x), y)
    """
    probabilities, labels = _checked(probabilities, labels)
    rows = np.arange(len(labels))
    hit = probabilities[rows, labels]
    brier = np.square(probabilities).sum(-1) - 2 * hit + 1
    return {
        "accuracy": float((probabilities.argmax(-1) == labels).mean()),
        "nll": float(-np.log(np.maximum(hit, 1e-12)).mean()),
        "brier": float(brier.mean()),
        "ece": expected_calibration_error(probabilities, labels, bins),
    }


def reliability(probabilities, labels, bins=15):
    """Confidence against accuracy, a `Bin` for every equal part of 0..1.

    Confidence is the probability of the predicted class (Guo et al., 2017).
    """
    probabilities, labels = _checked(probabilities, labels)
    confidence = probabilities.max(-1)
    right = probabilities.argmax(-1) == labels
    which = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    found = []
    for k in range(bins):
        inside = which == k
        count = int(inside.sum())
        means = (confidence[inside].mean(), right[inside].mean()) if count else ()
        found.append(Bin(*map(float, means or (np.nan, np.nan)), count))
    return found


def expected_calibration_error(probabilities, labels, bins=15):
    """Mean distance of confidence and accuracy over the bins of `reliability`."""
    found = [one for one in reliability(probabilities, labels, bins) if one.count]
    total = sum(one.count for one in found)
    return sum(abs(b.accuracy - b.confidence) * b.count for b in found) / total


def coverage(gaussians, targets, levels=20):
    """How often targets fall within the central intervals of predicted Gaussians.

    Args:
        gaussians: predictions `(n, 2)`, mean and log standard deviation.
        targets: `(n,)` or `(n, 1)`.
        levels: number of probabilities, equal steps from 0 to 1, ends left out.

    Returns:
        A list of `Bin`: `confidence` is the probability of the interval, `accuracy`
        the share of targets within.
    """
    from scipy.special import erf

    gaussians, targets = np.asarray(gaussians), np.reshape(targets, -1)
    if gaussians.shape != (len(targets), 2):
        raise ValueError(
            f"`gaussians` must be (n, 2) for n targets. Received: {gaussians.shape} "
            f"and {len(targets)} targets"
        )
    mean, std = gaussians[:, 0], np.exp(gaussians[:, 1])
    # Probability of the smallest central interval that reaches the target.
    needed = erf(np.abs(targets - mean) / std / np.sqrt(2))
    steps = np.arange(1, levels) / levels
    return [Bin(float(p), float((needed <= p).mean()), len(targets)) for p in steps]


def of_classes(samples):
    """Kinds of uncertainty of a classifier, in nats.

    Total is the entropy of the mean, noise the mean of the entropies, ignorance their
    difference, the mutual information of label and member.

    Args:
        samples: probabilities `(members, n, classes)`, as `MonteCarlo.sample` gives.

    Returns:
        An `Uncertainty` of arrays `(n,)`.
    """
    samples = np.asarray(samples, "float64")

    def entropy(p):
        return -(p * np.log(np.maximum(p, 1e-12))).sum(-1)

    total, noise = entropy(samples.mean(0)), entropy(samples).mean(0)
    return Uncertainty(total, noise, total - noise)


def of_gaussians(samples):
    """Kinds of uncertainty of a Gaussian regressor, as variances.

    Args:
        samples: means and log standard deviations `(members, n, 2)`.

    Returns:
        An `Uncertainty` of arrays `(n,)`: noise is the mean of the variances,
        ignorance the variance of the means.
    """
    mean, log_std = np.moveaxis(np.asarray(samples, "float64"), -1, 0)
    noise, ignorance = np.exp(2 * log_std).mean(0), mean.var(0)
    return Uncertainty(noise + ignorance, noise, ignorance)


def diagram(bins, path=None):
    """Draws accuracy against confidence; a calibrated model lies on the diagonal.

    Args:
        bins: what `reliability` or `coverage` gives.
        path: where to write the picture; its ending chooses the format.

    Returns:
        The `matplotlib.figure.Figure`.

    Example:
        >>> bins = kerazoo.calibration.reliability(model.predict(x), y)
        >>> kerazoo.calibration.diagram(bins, "reliability.png")
    """
    from matplotlib.figure import Figure

    found = [one for one in bins if one.count]
    total = sum(one.count for one in found)
    figure = Figure(figsize=(4.4, 4.2), layout="constrained")
    axis = figure.subplots()
    axis.plot([0, 1], [0, 1], color="#b0b0b0", linewidth=1, label="calibrated")
    axis.plot(
        [one.confidence for one in found], [one.accuracy for one in found],
        color="#1f77b4", linewidth=1.2,
    )  # fmt: skip
    axis.scatter(
        [one.confidence for one in found],
        [one.accuracy for one in found],
        s=[20 + 180 * one.count / total for one in found],
        color="#1f77b4",
        label="observed",
    )
    axis.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="came true")
    axis.set_aspect("equal")
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=9, loc="upper left")
    if path is not None:
        figure.savefig(path, dpi=150)
    return figure


def _checked(probabilities, labels):
    probabilities, labels = np.asarray(probabilities, "float64"), np.asarray(labels)
    if probabilities.ndim != 2 or labels.shape != (len(probabilities),):
        raise ValueError(
            "`probabilities` must be (n, classes) and `labels` (n,). Received: "
            f"{probabilities.shape} and {labels.shape}"
        )
    if not np.allclose(probabilities.sum(-1), 1, atol=1e-3):
        raise ValueError(
            "Rows of `probabilities` must sum to 1. Received: sums of "
            f"{probabilities.sum(-1).min():.3g} to {probabilities.sum(-1).max():.3g}; "
            "logits need a softmax"
        )
    return probabilities, labels
