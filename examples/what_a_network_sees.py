# %% [markdown]
# # What a network sees
# Procedures over any classifier: they take images as the network does, and give NumPy
# arrays. Here a small convolutional network that reads digits.

# %%
import kerazoo
from kerazoo import interpret

model = kerazoo.create("fleuret_mnist", tiny=True)
kerazoo.fit(model, "digits", seed=0, verbose=0)
batches = kerazoo.datasets.load("digits", "test", model=model, batch_size=200)
images, labels = next(batches.as_numpy_iterator())
few = images[:5]

# %% [markdown]
# ## Where it looks
# The gradient of a class's score with respect to the pixels (saliency, Simonyan et al.,
# 2014), its mean over noisy copies (SmoothGrad), the way from black to the image
# (integrated gradients), and the feature maps that speak for the class (Grad-CAM).

# %%
columns = {
    "digit": few,
    "saliency": interpret.saliency(model, few),
    "SmoothGrad": interpret.smooth_grad(model, few),
    "integrated": abs(interpret.integrated_gradients(model, few)),
    "Grad-CAM": interpret.overlay(few, interpret.grad_cam(model, few, layer="conv2")),
}
interpret.sheet(columns, "where_it_looks.png")

# %% [markdown]
# ## What a feature map answers to
# For four maps of the second convolution: the test image that excites it most, and the
# pixels behind that (deconvnet, Zeiler & Fergus, 2014).

# %%
columns = {}
for channel in range(4):
    best = images[interpret.strongest(model, images, "conv2", channel, count=3)]
    columns[f"map {channel}"] = best
    columns[f"in map {channel}"] = interpret.deconvnet(model, best, "conv2", channel)
interpret.sheet(columns, "feature_maps.png")

# %% [markdown]
# ## Its idea of every digit
# An image that climbs the score of a class from noise: what the network takes for the
# essence of a 0, a 1, ...

# %%
ideas = interpret.class_visualization(model, range(10), steps=100)
captions = map(str, range(10))
kerazoo.report.captioned(ideas, captions, "ideas.png", columns=10)
