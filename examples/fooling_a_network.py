# %% [markdown]
# # Fooling a network
# What a small network looks at, and how little it takes to deceive it. Everything takes
# images as the network does, and gives NumPy arrays.

# %%
import kerazoo
from kerazoo import interpret

model = kerazoo.create("fleuret_mnist", tiny=True)
kerazoo.fit(model, "digits", seed=0, verbose=2)
batches = kerazoo.datasets.load("digits", "test", model=model, batch_size=100)
images, labels = next(batches.as_numpy_iterator())

# %% [markdown]
# ## What it looks at
# The gradient of a class's score (saliency), the feature maps that speak for the class
# (Grad-CAM), and what a single map of the second convolution answers to (deconvnet).

# %%
few = images[:6]
columns = {
    "digit": few,
    "saliency": interpret.saliency(model, few),
    "Grad-CAM": interpret.overlay(few, interpret.grad_cam(model, few, layer="conv2")),
    "deconvnet": interpret.deconvnet(model, few, "conv2", 0),
}
interpret.sheet(columns, "what_it_looks_at.png")

# %% [markdown]
# ## The smallest change that turns each digit into the next (Szegedy et al., 2014)

# %%
targets = (labels[:6] + 1) % 10
fooling = interpret.lbfgs(model, few, targets)
seen = model.predict(fooling, verbose=0).argmax(-1)
change = interpret.distortion(few, fooling)
for label, now, size in zip(labels[:6], seen, change, strict=True):
    print(f"a {label} is seen as a {now}; root mean square change {size:.2f}")
columns = {"digit": few, "change": fooling - few, "fooling": fooling}
interpret.sheet(columns, "fooling.png")

# %% [markdown]
# ## One step, and many, within a share of the range from black to white

# %%
low, high = interpret.pixel_range(model)
for share in (0.05, 0.1, 0.2):
    for attack in (interpret.fgsm, interpret.pgd):
        changed = attack(model, images, labels, epsilon=share * (high - low))
        accuracy = (model.predict(changed, verbose=0).argmax(-1) == labels).mean()
        print(f"{attack.__name__:4} within {share:.0%}: {accuracy:.0%} recognised")

# %% [markdown]
# ## The network's idea of every digit

# %%
ideas = interpret.class_visualization(model, range(10))
interpret.sheet({"idea": ideas}, "ideas.png")
