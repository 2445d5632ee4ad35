# %% [markdown]
# # How sure is it?
# Networks that know what they do not know: noise in the data, which no amount of data
# takes away, and ignorance, where there were none.

# %%
import matplotlib.pyplot as plt
import numpy as np

import kerazoo
from kerazoo.datasets import regression

x = np.linspace(-5, 5, 400, dtype="float32")[:, None]  # the data end at -3 and 3

# %% [markdown]
# ## Deep ensemble and Monte-Carlo dropout
# The members of an ensemble (Lakshminarayanan et al., 2017), or runs with dropout left
# on (Gal & Ghahramani, 2016), agree where there are data, and part where there are
# none.

# %%
ensemble = kerazoo.deep_ensemble()
network = kerazoo.heteroscedastic_mlp(dropout=0.1)
for model in (ensemble, network):
    kerazoo.fit(model, "noisy_sine", epochs=40, seed=0, verbose=0)
dropout = kerazoo.mc_dropout(network, samples=50)
runs = {
    "deep ensemble": [member.predict(x, verbose=0) for member in ensemble.members],
    "dropout left on": dropout.sample(x),
}
points = regression.noisy_sine("train")
figure, axes = plt.subplots(1, 2, figsize=(10, 3.5), sharey=True, layout="constrained")
for axis, (title, samples) in zip(axes, runs.items(), strict=True):
    mean = np.mean(samples, axis=0)[:, 0]
    kinds = kerazoo.calibration.of_gaussians(samples)
    axis.plot(*points, ".", color="0.7", markersize=2)
    for variance, label in [(kinds.total, "with ignorance"), (kinds.noise, "noise")]:
        band = 2 * np.sqrt(variance)
        axis.fill_between(x[:, 0], mean - band, mean + band, alpha=0.35, label=label)
    axis.plot(x, mean, color="black", linewidth=1)
    axis.set(title=title, ylim=(-3, 3))
axes[0].legend(loc="upper left", frameon=False)
figure.savefig("uncertainty.png")

# %% [markdown]
# ## Mixture density network (Bishop, 1994)
# Where one question has several answers their mean is none. A mixture keeps them apart.

# %%
mixture = kerazoo.mixture_density_network()
kerazoo.fit(mixture, "inverse_problem", seed=0, verbose=0)
asked, answered = regression.inverse_problem("test")
drawn = np.asarray(mixture.sample(asked, seed=0))
figure, axes = plt.subplots(1, 2, figsize=(8, 3), sharey=True, layout="constrained")
for axis, y, title in zip(axes, (answered, drawn), ("data", "drawn"), strict=True):
    axis.plot(asked, y, ".", markersize=2)
    axis.set_title(title)
figure.savefig("mixture.png")
