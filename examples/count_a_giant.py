# %% [markdown]
# # Count a giant
# Full-size networks are counted as skeletons: variables with a shape and no values.

# %%
from PIL import Image

import kerazoo

kerazoo.summary("resnet152")

# %% [markdown]
# Counts are on the cards, too, exact, and cost nothing to read.

# %%
for name in ["alexnet", "vgg16", "resnet50", "vit_base_16", "gpt3"]:
    card = kerazoo.card(name)
    print(f"{name:12} {card.params:>15,} parameters {card.macs:>19,} MACs")

# %% [markdown]
# ## What accuracy costs
# After Canziani et al. (2016): operations and parameters of our own networks, against
# the accuracy that their papers report.

# %%
kerazoo.report.operations_versus_accuracy("chart.png")
Image.open("chart.png").reduce(2)
