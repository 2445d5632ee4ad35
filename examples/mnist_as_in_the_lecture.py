# %% [markdown]
# # MNIST as in the lecture
# The convnet of the Deep Learning Course: SGD at 0.1, batches of 100, 10 epochs, about
# 1 % test error. Without MNIST on disk, scikit-learn's handwritten digits stand in.

# %%
import os
import pathlib

import kerazoo

data = os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")
prepared = (pathlib.Path(data).expanduser() / "mnist").is_dir()
dataset = "mnist" if prepared else "digits"

# %%
model = kerazoo.fleuret_mnist()
model.summary()

# %%
# The digits are 40 times fewer, so they are shown more often.
epochs = None if dataset == "mnist" else 40
history = kerazoo.fit(model, dataset, epochs=epochs, shuffle=True, seed=0, verbose=2)
kerazoo.report.learning_curves(history, "learning_curves.png")

# %%
result = kerazoo.evaluate(model, dataset, verbose=0)
print(f"{dataset}: test error {100 * (1 - result['accuracy']):.2f} %")

# %% [markdown]
# The errors, and what the network takes them for:

# %%
batches = kerazoo.datasets.load(dataset, "test", model=model, batch_size=1000)
images, labels = next(batches.as_numpy_iterator())
guesses = model.predict(images, verbose=0).argmax(axis=-1)
wrong = (guesses != labels).nonzero()[0][:12]
captions = [f"{guesses[i]}, is a {labels[i]}" for i in wrong]
kerazoo.report.captioned(images[wrong], captions, "errors.png", columns=6)
