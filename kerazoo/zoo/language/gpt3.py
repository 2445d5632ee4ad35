"""GPT-3 (Brown et al., 2020, arXiv:2005.14165) and Codex (Chen et al., 2021).

GPT-2's network a hundred times larger: eight sizes, to see how the loss falls with
compute, of which the largest solves a task from a few examples in its prompt. Half of
its blocks look back on a band only, as in the Sparse Transformer (Child et al., 2019).
Codex is the same network, trained further on Python programs.

The networks are here to be counted: `kerazoo.summary("gpt3")` needs no memory, whereas
`kerazoo.gpt3()` allocates 700 GB.
"""

from kerazoo.architecture import architecture
from kerazoo.zoo.language.gpt2 import gpt


@architecture(
    title="GPT-3 (175B)",
    paper="Brown, Mann, Ryder, Subbiah, Kaplan et al., 2020, Language models are "
    "few-shot learners, NeurIPS",
    year=2020,
    url="arXiv:2005.14165",
    task="language modelling",
    lectures=[
        "002: Language / Image models, Open-AI GPT-3",
        "003: validation loss vs training compute (Brown et al., 2020)",
    ],
    dataset="tiny_shakespeare",
    offline="little_language",
    params=174_604_259_328,
    macs=367_402_130_866_176,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 6e-5, "beta_1": 0.9, "beta_2": 0.95,
                       "epsilon": 1e-8, "weight_decay": 0.1, "global_clipnorm": 1.0},
        },
        "schedule": {"kind": "cosine", "warmup_epochs": 0.00125},
        "loss": {"class_name": "SparseCategoricalCrossentropy",
                 "config": {"from_logits": True}},
        "metrics": ["accuracy"],
        "batch_size": 1563,
        "epochs": 1,
    },
    preprocess={"tokens": "bytes"},
    published=[
        "LAMBADA accuracy 76.2 % zero-shot, 72.5 % one-shot, 86.4 % few-shot "
        "(Table 3.2); Penn Treebank zero-shot perplexity 20.50 (Table 3.1)",
        "validation loss 2.57 C^-0.048 after C PetaFLOP/s-days (Figure 3.1)",
    ],
    deviations=[
        "the paper does not say which blocks are banded nor how wide the band is: here "
        "every second one, 256 tokens as in GPT-Neo; attention outside of the band is "
        "masked, not saved",
        "Table 2.1 as printed does not add up for XL (24 heads of 128 are not 2048) "
        "and 13B (40 heads of 128 are not 5140): XL has 16 heads, 13B a width of 5120, "
        "which give the paper's parameters",
        "batches have their full size from the start, and the learning rate falls to "
        "zero, where the paper's falls to a tenth at 260 of 300 billion tokens",
        "the training text is closed: trained from scratch, the network reads "
        "tiny_shakespeare, as bytes unless a byte-pair tokenizer is attached",
    ],
    tiny={"vocabulary_size": 256, "sequence_length": 64, "num_layers": 2,
          "num_heads": 4, "hidden_dim": 48, "local_window": 16},
    tiny_recipe={
        "optimizer": {"class_name": "AdamW",
                      "config": {"learning_rate": 5e-3, "beta_2": 0.99,
                                 "weight_decay": 0.1, "global_clipnorm": 1.0}},
        "schedule": {"kind": "one_cycle"},
        "batch_size": 32,
        "epochs": 8,
    },
    learns={"loss": 0.55},
)  # fmt: skip
def gpt3(
    *, vocabulary_size=50257, sequence_length=2048, num_layers=96, num_heads=96,
    hidden_dim=12288, local_window=256, dropout=0.0,
):  # fmt: skip
    """GPT-3, the largest of the eight sizes (Brown et al., 2020).

    Args:
        vocabulary_size: number of different tokens.
        sequence_length: tokens that the network can look back on, its context.
        num_layers: number of blocks.
        num_heads: attention heads in each block.
        hidden_dim: width of the residual stream.
        local_window: how many tokens back every second block looks; None for all.
        dropout: as of `gpt2`.

    Returns:
        A compiled `LanguageModel`, as `gpt2`.

    Raises:
        ValueError: `num_heads` does not divide `hidden_dim`.

    Example:
        >>> kerazoo.summary("gpt3")

    Reference:
        arXiv:2005.14165, Table 2.1.
    """
    return gpt(
        vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim, dropout,
        local_window=local_window,
    )  # fmt: skip


@architecture(
    variant_of="gpt3",
    title="GPT-3 Small (125M)",
    params=125_226_240,
    macs=330_303_012_864,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 6e-4, "beta_1": 0.9, "beta_2": 0.95,
                       "epsilon": 1e-8, "weight_decay": 0.1, "global_clipnorm": 1.0},
        },
        "schedule": {"kind": "cosine", "warmup_epochs": 0.00125},
        "loss": {"class_name": "SparseCategoricalCrossentropy",
                 "config": {"from_logits": True}},
        "metrics": ["accuracy"],
        "batch_size": 256,
        "epochs": 1,
    },
)  # fmt: skip
def gpt3_small(
    *, vocabulary_size=50257, sequence_length=2048, num_layers=12, num_heads=12,
    hidden_dim=768, local_window=256, dropout=0.0,
):  # fmt: skip
    """GPT-3 Small (Brown et al., 2020). Keywords, returns and errors as `gpt3`."""
    return gpt(
        vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim, dropout,
        local_window=local_window,
    )  # fmt: skip


@architecture(
    variant_of="gpt3",
    title="GPT-3 Medium (350M)",
    params=355_871_744,
    macs=930_030_288_896,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 3e-4, "beta_1": 0.9, "beta_2": 0.95,
                       "epsilon": 1e-8, "weight_decay": 0.1, "global_clipnorm": 1.0},
        },
        "schedule": {"kind": "cosine", "warmup_epochs": 0.00125},
        "loss": {"class_name": "SparseCategoricalCrossentropy",
                 "config": {"from_logits": True}},
        "metrics": ["accuracy"],
        "batch_size": 256,
        "epochs": 1,
    },
)  # fmt: skip
def gpt3_medium(
    *, vocabulary_size=50257, sequence_length=2048, num_layers=24, num_heads=16,
    hidden_dim=1024, local_window=256, dropout=0.0,
):  # fmt: skip
    """GPT-3 Medium (Brown et al., 2020). Keywords, returns and errors as `gpt3`."""
    return gpt(
        vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim, dropout,
        local_window=local_window,
    )  # fmt: skip


@architecture(
    variant_of="gpt3",
    title="GPT-3 Large (760M)",
    params=760_300_032,
    macs=1_858_901_901_312,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 2.5e-4, "beta_1": 0.9, "beta_2": 0.95,
                       "epsilon": 1e-8, "weight_decay": 0.1, "global_clipnorm": 1.0},
        },
        "schedule": {"kind": "cosine", "warmup_epochs": 0.00125},
        "loss": {"class_name": "SparseCategoricalCrossentropy",
                 "config": {"from_logits": True}},
        "metrics": ["accuracy"],
        "batch_size": 256,
        "epochs": 1,
    },
)  # fmt: skip
def gpt3_large(
    *, vocabulary_size=50257, sequence_length=2048, num_layers=24, num_heads=16,
    hidden_dim=1536, local_window=256, dropout=0.0,
):  # fmt: skip
    """GPT-3 Large (Brown et al., 2020). Keywords, returns and errors as `gpt3`."""
    return gpt(
        vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim, dropout,
        local_window=local_window,
    )  # fmt: skip


@architecture(
    variant_of="gpt3",
    title="GPT-3 XL (1.3B)",
    params=1_315_723_264,
    macs=3_097_011_159_040,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 2e-4, "beta_1": 0.9, "beta_2": 0.95,
                       "epsilon": 1e-8, "weight_decay": 0.1, "global_clipnorm": 1.0},
        },
        "schedule": {"kind": "cosine", "warmup_epochs": 0.00125},
        "loss": {"class_name": "SparseCategoricalCrossentropy",
                 "config": {"from_logits": True}},
        "metrics": ["accuracy"],
        "batch_size": 512,
        "epochs": 1,
    },
)  # fmt: skip
def gpt3_xl(
    *, vocabulary_size=50257, sequence_length=2048, num_layers=24, num_heads=16,
    hidden_dim=2048, local_window=256, dropout=0.0,
):  # fmt: skip
    """GPT-3 XL (Brown et al., 2020). Keywords, returns and errors as `gpt3`."""
    return gpt(
        vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim, dropout,
        local_window=local_window,
    )  # fmt: skip


@architecture(
    variant_of="gpt3",
    title="GPT-3 2.7B",
    params=2_651_553_280,
    macs=6_104_646_942_720,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 1.6e-4, "beta_1": 0.9, "beta_2": 0.95,
                       "epsilon": 1e-8, "weight_decay": 0.1, "global_clipnorm": 1.0},
        },
        "schedule": {"kind": "cosine", "warmup_epochs": 0.00125},
        "loss": {"class_name": "SparseCategoricalCrossentropy",
                 "config": {"from_logits": True}},
        "metrics": ["accuracy"],
        "batch_size": 512,
        "epochs": 1,
    },
)  # fmt: skip
def gpt3_2_7b(
    *, vocabulary_size=50257, sequence_length=2048, num_layers=32, num_heads=32,
    hidden_dim=2560, local_window=256, dropout=0.0,
):  # fmt: skip
    """GPT-3 2.7B (Brown et al., 2020). Keywords, returns and errors as `gpt3`."""
    return gpt(
        vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim, dropout,
        local_window=local_window,
    )  # fmt: skip


@architecture(
    variant_of="gpt3",
    title="GPT-3 6.7B",
    params=6_658_404_352,
    macs=14_715_237_433_344,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 1.2e-4, "beta_1": 0.9, "beta_2": 0.95,
                       "epsilon": 1e-8, "weight_decay": 0.1, "global_clipnorm": 1.0},
        },
        "schedule": {"kind": "cosine", "warmup_epochs": 0.00125},
        "loss": {"class_name": "SparseCategoricalCrossentropy",
                 "config": {"from_logits": True}},
        "metrics": ["accuracy"],
        "batch_size": 1024,
        "epochs": 1,
    },
)  # fmt: skip
def gpt3_6_7b(
    *, vocabulary_size=50257, sequence_length=2048, num_layers=32, num_heads=32,
    hidden_dim=4096, local_window=256, dropout=0.0,
):  # fmt: skip
    """GPT-3 6.7B (Brown et al., 2020). Keywords, returns and errors as `gpt3`."""
    return gpt(
        vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim, dropout,
        local_window=local_window,
    )  # fmt: skip


@architecture(
    variant_of="gpt3",
    title="GPT-3 13B",
    params=12_853_386_240,
    macs=28_014_773_534_720,
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 1e-4, "beta_1": 0.9, "beta_2": 0.95,
                       "epsilon": 1e-8, "weight_decay": 0.1, "global_clipnorm": 1.0},
        },
        "schedule": {"kind": "cosine", "warmup_epochs": 0.00125},
        "loss": {"class_name": "SparseCategoricalCrossentropy",
                 "config": {"from_logits": True}},
        "metrics": ["accuracy"],
        "batch_size": 1024,
        "epochs": 1,
    },
)  # fmt: skip
def gpt3_13b(
    *, vocabulary_size=50257, sequence_length=2048, num_layers=40, num_heads=40,
    hidden_dim=5120, local_window=256, dropout=0.0,
):  # fmt: skip
    """GPT-3 13B (Brown et al., 2020). Keywords, returns and errors as `gpt3`."""
    return gpt(
        vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim, dropout,
        local_window=local_window,
    )  # fmt: skip


@architecture(
    variant_of="gpt3",
    title="Codex (12B)",
    paper="Chen, Tworek, Jun, Yuan et al., 2021, Evaluating large language models "
    "trained on code",
    year=2021,
    url="arXiv:2107.03374",
    task="program synthesis",
    lectures=["001: Creating a Space Game with OpenAI Codex"],
    params=12_853_509_120,
    macs=28_015_025_192_960,
    variants={
        "2.5B": {
            "config": {"num_layers": 32, "num_heads": 32, "hidden_dim": 2560},
            "params": 2_651_614_720,
        },
        "679M": {
            "config": {"num_layers": 24, "num_heads": 16, "hidden_dim": 1536},
            "params": 760_336_896,
        },
        "300M": {
            "config": {"num_layers": 24, "num_heads": 16, "hidden_dim": 1024},
            "params": 355_896_320,
        },
        "85M": {
            "config": {"num_layers": 12, "num_heads": 12, "hidden_dim": 768},
            "params": 125_244_672,
        },
    },
    recipe={
        "optimizer": {
            "class_name": "AdamW",
            "config": {"learning_rate": 1e-4, "beta_1": 0.9, "beta_2": 0.95,
                       "epsilon": 1e-8, "weight_decay": 0.1, "global_clipnorm": 1.0},
        },
        "schedule": {"kind": "cosine", "warmup_epochs": 0.0037},
        "loss": {"class_name": "SparseCategoricalCrossentropy",
                 "config": {"from_logits": True}},
        "metrics": ["accuracy"],
        "batch_size": 1024,
        "epochs": 1,
    },
    published=[
        "HumanEval pass@1 / pass@10 / pass@100: 28.81 / 46.81 / 72.31 % (Table 1)",
    ],
    deviations=[
        "the paper gives non-embedding parameters only; the five largest sizes are the "
        "rows of GPT-3's table with these, the 12M, 25M and 42M networks are left out",
        "the vocabulary is that of the published p50k_base encoding, GPT-3's and runs "
        "of spaces",
        "batch size and schedule are those of GPT-3 13B with 175 steps of warm-up",
        "bands of attention and training text as of gpt3",
    ],
)  # fmt: skip
def codex(
    *, vocabulary_size=50281, sequence_length=2048, num_layers=40, num_heads=40,
    hidden_dim=5120, local_window=256, dropout=0.0,
):  # fmt: skip
    """Codex (Chen et al., 2021). Keywords, returns and errors as `gpt3`."""
    return gpt(
        vocabulary_size, sequence_length, num_layers, num_heads, hidden_dim, dropout,
        local_window=local_window,
    )  # fmt: skip
