"""Networks that predict how far off they are (Nix & Weigend, 1994).

A second output for the noise: the network gives the mean and the standard deviation of
a Gaussian, and maximum likelihood lets it say where the data are noisy. Kendall & Gal
(2017) call it aleatoric uncertainty, and add the epistemic one, of the network itself,
by Monte-Carlo dropout (`kerazoo.mc_dropout`). Lakshminarayanan et al. (2017) get it
from a few such networks that start differently, the deep ensemble.
"""

import keras
from keras import layers

from kerazoo.architecture import architecture
from kerazoo.layers.ensemble import Ensemble
from kerazoo.layers.gaussian import GaussianMoments


def network(input_shape, units, dropout, name):
    """Dense layers, each behind its dropout, to a mean and a log standard deviation."""
    model = keras.Sequential([keras.Input(input_shape)], name=name)
    for k, n in enumerate(units, 1):
        model.add(layers.Dense(n, activation="relu", name=f"dense{k}"))
        if dropout:
            model.add(layers.Dropout(dropout, name=f"dropout{k}"))
    model.add(layers.Dense(2, dtype="float32", name="mean_and_log_std"))
    return model


@architecture(
    title="Network with a Gaussian output",
    paper="Nix & Weigend, 1994, Estimating the mean and variance of the target "
    "probability distribution, ICNN; Kendall & Gal, 2017, What Uncertainties Do We "
    "Need in Bayesian Deep Learning for Computer Vision?, NeurIPS",
    year=1994,
    url="arXiv:1703.04977",
    task="regression with uncertainty",
    lectures=["001: Lecture 10: Uncertainty"],
    dataset="noisy_sine",
    offline="noisy_sine",
    params=4_418,
    macs=4_288,
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 5e-3}},
        "schedule": {"kind": "cosine"},
        "loss": "kerazoo>GaussianNLL",
        "batch_size": 64,
        "epochs": 60,
    },
    deviations=[
        "one network gives both numbers; Nix & Weigend have a hidden layer for each",
        "the sizes are the lecture's, and ReLU and Adam those of today",
    ],
    tiny={},
    learns={"loss": -0.08},
)
def heteroscedastic_mlp(*, input_shape=(1,), units=(64, 64), dropout=0.0):
    """A multilayer perceptron that predicts a mean and its noise (Nix, 1994).

    Args:
        input_shape: `(features,)` of a sample.
        units: widths of the hidden layers.
        dropout: rate behind every hidden layer, for `kerazoo.mc_dropout`.

    Returns:
        A compiled `keras.Sequential`, `(batch, features)` to `(batch, 2)`: the mean
        and the log standard deviation of the target, trained by their likelihood.

    Example:
        >>> model = kerazoo.heteroscedastic_mlp()
        >>> kerazoo.fit(model, "noisy_sine")
        >>> mean, log_std = model.predict(x).T

    Reference:
        arXiv:1703.04977, equation 5.
    """
    return network(input_shape, units, dropout, None)


@architecture(
    title="Deep ensemble",
    paper="Lakshminarayanan, Pritzel & Blundell, 2017, Simple and Scalable Predictive "
    "Uncertainty Estimation using Deep Ensembles, NeurIPS",
    year=2017,
    url="arXiv:1612.01474",
    task="regression with uncertainty",
    lectures=["001: Lecture 10: Uncertainty"],
    dataset="noisy_sine",
    offline="noisy_sine",
    params=22_090,
    macs=21_440,
    recipe={
        "optimizer": {"class_name": "Adam", "config": {"learning_rate": 5e-3}},
        "schedule": {"kind": "cosine"},
        "loss": "kerazoo>GaussianNLL",
        "batch_size": 64,
        "epochs": 60,
    },
    published=["five members; test NLL on Boston housing 2.41 (Table 1)"],
    deviations=[
        "members see the same batches; the paper shuffles for each",
        "without adversarial training, which the paper names as optional",
        "members have two hidden layers of 64, as heteroscedastic_mlp; the paper's one "
        "of 50",
        "the standard deviation is an exponential; the paper's variance a softplus",
    ],
    tiny={},
    learns={"loss": -0.1},
)
def deep_ensemble(*, input_shape=(1,), members=5, units=(64, 64)):
    """Networks that differ in their start, as one mixture (Lakshminarayanan, 2017).

    One fit trains all members, each by its own likelihood. Where they disagree, the
    predicted standard deviation grows. Any other models make a deep ensemble by
    `kerazoo.ensemble`.

    Args:
        input_shape: `(features,)` of a sample.
        members: number of networks.
        units: widths of their hidden layers.

    Returns:
        A compiled `Ensemble`, `(batch, features)` to `(batch, 2)`: the mean and the log
        standard deviation of the mixture. `model.members` are the networks.

    Example:
        >>> model = kerazoo.deep_ensemble()
        >>> kerazoo.fit(model, "noisy_sine")

    Reference:
        arXiv:1612.01474, section 2.4.
    """
    networks = [
        network(input_shape, units, 0.0, f"member{k}") for k in range(1, members + 1)
    ]
    return Ensemble(networks, GaussianMoments(dtype="float32", name="mixture"))
