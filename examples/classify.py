# %% [markdown]
# # Classify images
# A small residual network (He et al., 2016) learns handwritten digits in a minute:
# `kerazoo.fit` takes optimizer, schedule and epochs from the network's card.

# %%
import kerazoo

model = kerazoo.create("resnet20", tiny=True)
history = kerazoo.fit(model, "digits", seed=0, validation_data="test", verbose=2)
kerazoo.report.learning_curves(history, "learning_curves.png")

# %% [markdown]
# `kerazoo.datasets.load` gives batches as the model takes them: here all test digits.
# The model's output is a probability for each class.

# %%
batches = kerazoo.datasets.load("digits", "test", model=model, batch_size=360)
images, labels = next(batches.as_numpy_iterator())
probabilities = model.predict(images, verbose=0)
guesses = probabilities.argmax(axis=-1)
print(f"{(guesses == labels).mean():.1%} of {len(labels)} digits are recognised")

# %% [markdown]
# The digits that the network is least sure of, and those it gets wrong among them:

# %%
doubtful = probabilities.max(axis=-1).argsort()[:12]
captions = [
    f"{guesses[i]} ({probabilities[i].max():.0%})"
    + ("" if guesses[i] == labels[i] else f", is a {labels[i]}")
    for i in doubtful
]
kerazoo.report.captioned(images[doubtful], captions, "doubtful.png", columns=6)

# %% [markdown]
# The same lines train any classifier of the zoo: put `"vgg16"`, `"densenet121"` or
# `"vit_tiny_16"` in place of `"resnet20"`. Without `tiny=True` they are the paper's.

# %%
for card in map(kerazoo.card, ["resnet20", "vgg16", "densenet121", "vit_tiny_16"]):
    print(f"{card.title:40} {card.year}  {card.params:>12,} parameters")
