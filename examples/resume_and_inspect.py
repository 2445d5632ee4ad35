# %% [markdown]
# # Checkpoints, resuming, learning curves
# `checkpoint_dir` keeps the last and the best model. With `resume=True` the same call
# continues whatever was interrupted: Ctrl-C, a closed laptop, a killed process.

# %%
import pathlib
import tempfile

import kerazoo

folder = pathlib.Path(tempfile.mkdtemp())


def train(epochs):
    model = kerazoo.create("resnet20", tiny=True)
    return kerazoo.fit(
        model, "digits", epochs=epochs, seed=0, validation_data="test",
        checkpoint_dir=folder, resume=True, verbose=2,
    )  # fmt: skip


train(epochs=3)
history = train(epochs=6)  # runs three more
print(len(history.history["loss"]), "epochs in all")

# %%
kerazoo.report.learning_curves(history, folder / "learning_curves.png")

# %%
best = kerazoo.load(folder / "best.keras")
print(kerazoo.evaluate(best, "digits", verbose=0))
