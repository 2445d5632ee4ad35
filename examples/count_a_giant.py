# %% [markdown]
# # Count a giant
# Full-size networks are counted as skeletons: variables with a shape and no values.

# %%
import kerazoo

kerazoo.summary("resnet152")

# %%
for name in ["alexnet", "vgg16", "resnet50", "vit_base_16"]:
    card = kerazoo.card(name)
    print(f"{name:12} {card.params:>12,} parameters {card.macs:>15,} MACs")
