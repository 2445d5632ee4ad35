# %% [markdown]
# # Detect objects
# Faster R-CNN (Ren et al., 2015): one network proposes regions, a second head says what
# is in them. The reduced one looks for circles, squares and triangles in generated
# scenes.

# %%
import kerazoo
from kerazoo.datasets import shapes

model = kerazoo.create("faster_rcnn_resnet50_fpn", tiny=True)
history = kerazoo.fit(model, "shapes/boxes", epochs=6, seed=0, verbose=2)

# %% [markdown]
# ## What it finds
# `model.detect` gives boxes, labels and scores for every image, the best first. Those
# with a score above one half:

# %%
batches = kerazoo.datasets.load("shapes/boxes", "test", model=model, batch_size=6)
images, truth = next(batches.as_numpy_iterator())
found = [
    {key: value[things["scores"] > 0.5] for key, value in things.items()}
    for things in model.detect(images)
]
kerazoo.report.detections(images, found, "detections.png", names=shapes.THINGS)

# %%
print("boxes are left, top, right, bottom:")
for label, box in zip(found[0]["labels"], found[0]["boxes"], strict=True):
    print(shapes.THINGS[label], box.round())

# %% [markdown]
# COCO's mean average precision over the test set: `map_50` counts a thing as found
# where box and truth have half of what they cover in common.

# %%
result = kerazoo.evaluate(model, "shapes/boxes", verbose=0)
print({name: round(result[name], 3) for name in ("map", "map_50")})
