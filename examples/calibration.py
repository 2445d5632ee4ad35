# %% [markdown]
# # Does 90 % mean nine times out of ten?
# A calibrated classifier is right as often as it says. Three of them here, two of which
# combine opinions: an ensemble, and dropout left on in prediction.

# %%
import kerazoo
from kerazoo import calibration

members = [kerazoo.create("dropout_mlp", tiny=True) for _ in range(3)]
for seed, member in enumerate(members):
    kerazoo.fit(member, "digits", epochs=20, seed=seed, verbose=0)
models = {
    "one network": members[0],
    "dropout left on": kerazoo.mc_dropout(members[0], samples=30),
    "ensemble of three": kerazoo.ensemble(members),
}

# %% [markdown]
# `nll` and `brier` are proper scores, `ece` the mean distance of confidence and
# accuracy; all of them are best when small. No way is the best one everywhere: that is
# why one measures.

# %%
batches = kerazoo.datasets.load("digits", "test", model=members[0], batch_size=360)
images, labels = next(batches.as_numpy_iterator())
for name, model in models.items():
    scores = calibration.scores(model.predict(images, verbose=0), labels)
    print(f"{name:18}", {key: round(value, 3) for key, value in scores.items()})

# %% [markdown]
# On the diagonal a network is calibrated; above it it is too modest.

# %%
probabilities = models["one network"].predict(images, verbose=0)
bins = calibration.reliability(probabilities, labels, bins=5)
calibration.diagram(bins, "reliability.png")

# %% [markdown]
# ## What it does not know
# Ignorance is what the runs disagree about. These digits divide them most:

# %%
kinds = calibration.of_classes(models["dropout left on"].sample(images))
puzzling = kinds.ignorance.argsort()[::-1][:8]
pictures = images[puzzling].reshape(-1, 8, 8, 1)
captions = [f"a {labels[i]}, {kinds.ignorance[i]:.2f} nats" for i in puzzling]
kerazoo.report.captioned(pictures, captions, "puzzling.png", columns=8)
