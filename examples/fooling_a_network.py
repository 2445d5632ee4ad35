# %% [markdown]
# # Fooling a network
# How little it takes to deceive a small network that reads digits well. Everything
# takes images as the network does, and gives NumPy arrays.

# %%
import kerazoo
from kerazoo import interpret

model = kerazoo.create("fleuret_mnist", tiny=True)
kerazoo.fit(model, "digits", seed=0, verbose=0)
print(kerazoo.evaluate(model, "digits", verbose=0))
batches = kerazoo.datasets.load("digits", "test", model=model, batch_size=100)
images, labels = next(batches.as_numpy_iterator())

# %% [markdown]
# ## The smallest change that turns each digit into the next (Szegedy et al., 2014)

# %%
few, targets = images[:6], (labels[:6] + 1) % 10
fooling = interpret.lbfgs(model, few, targets)
seen = model.predict(fooling, verbose=0).argmax(-1)
change = interpret.distortion(few, fooling)
for label, now, size in zip(labels[:6], seen, change, strict=True):
    print(f"a {label} is seen as a {now}; root mean square change {size:.2f}")

# %%
columns = {"digit": few, "change": fooling - few, "fooling": fooling}
interpret.sheet(columns, "fooling.png")

# %% [markdown]
# ## One step, and many, within a share of the range from black to white
# One step along the sign of the gradient (FGSM), and forty smaller ones (PGD).

# %%
low, high = interpret.pixel_range(model)
for share in (0.05, 0.1, 0.2):
    for attack in (interpret.fgsm, interpret.pgd):
        changed = attack(model, images, labels, epsilon=share * (high - low))
        accuracy = (model.predict(changed, verbose=0).argmax(-1) == labels).mean()
        print(f"{attack.__name__:4} within {share:.0%}: {accuracy:.0%} recognised")

# %% [markdown]
# PGD within 20 %, which we still read:

# %%
guesses = model.predict(changed[:8], verbose=0).argmax(-1)
captions = [f"seen as a {guess}" for guess in guesses]
kerazoo.report.captioned(changed[:8], captions, "pgd.png", columns=8)
