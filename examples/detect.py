# %% [markdown]
# # Detect objects
# Faster R-CNN (Ren et al., 2015): one network proposes regions, a second head says what
# is in them. The reduced one looks for circles, squares and triangles in generated
# scenes.

# %%
import kerazoo

model = kerazoo.create("faster_rcnn_resnet50_fpn", tiny=True)
history = kerazoo.fit(model, "shapes/boxes", epochs=4, seed=0, verbose=2)

# %% [markdown]
# ## What it finds
# Boxes with class and score on test images: 0 is a circle, 1 a square, 2 a triangle.

# %%
kerazoo.report.answers(model, "shapes/boxes", "detections.png", n=6)

# %% [markdown]
# `model.detect(images)` gives them as arrays, the best first.

# %%
batches = kerazoo.datasets.load("shapes/boxes", "test", model=model, batch_size=1)
images, truth = next(batches.as_numpy_iterator())
[found] = model.detect(images)
for box, label, score in zip(*found.values(), strict=True):
    print(f"class {label} at {box.round()}, score {score:.2f}")

# %% [markdown]
# COCO's mean average precision over the test set: `map_50` counts a box as found where
# it overlaps the true one by half.

# %%
result = kerazoo.evaluate(model, "shapes/boxes", verbose=0)
print({name: round(result[name], 3) for name in ("map", "map_50")})
