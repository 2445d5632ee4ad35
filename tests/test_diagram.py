"""Diagrams: which layers fold into which stages, and that everything can be drawn."""

import pathlib
import re

import keras
import pytest
from keras import layers

import kerazoo
from kerazoo import cli, diagram, inspection, report
from kerazoo.stages import Fork, stages

STATIC = pathlib.Path(__file__).parent.parent / "docs" / "_static"
# One of each kind of structure: chains, branches, residuals, nested models, ensembles.
SAMPLE = (
    "mcculloch_pitts", "neocognitron", "lenet5", "googlenet", "resnet20", "densenet121",
    "xception", "enet_classifier", "vit_base_16", "gpt2", "vae", "dcgan", "gcn",
    "deep_ensemble", "mitosis_detector", "ddpm",
)  # fmt: skip


def folded(model):
    return [(stage.name, stage.times, stage.shape) for stage in stages(model)]


def words(flow):
    """A flow as nested lists of texts; a direct connection is an empty branch."""
    return [
        [words(branch) for branch in part.branches] + [[]] * part.direct
        if isinstance(part, Fork)
        else part.text
        for part in flow
    ]


def test_resnet152_is_table_1_of_its_paper():
    found = stages(inspection.skeleton("resnet152"))
    assert [(s.name, s.times, s.shape) for s in found] == [
        ("input", 1, (224, 224, 3)),
        ("conv1", 1, (112, 112, 64)),
        ("pool1", 1, (56, 56, 64)),
        ("conv2_x", 3, (56, 56, 256)),
        ("conv3_x", 8, (28, 28, 512)),
        ("conv4_x", 36, (14, 14, 1024)),
        ("conv5_x", 3, (7, 7, 2048)),
        ("avg_pool", 1, (2048,)),
        ("fc", 1, (1000,)),
    ]
    block = ["conv 1×1, 128", "conv 3×3, 128", "conv 1×1, 512"]
    assert words(found[4].flow) == [[block, []], "+"]
    assert found[4].notes == ["batch norm", "ReLU"]
    card = kerazoo.card("resnet152")
    assert sum(s.params for s in found) == card.params + card.non_trainable


def test_lenet5_keeps_its_layers():
    names = [stage.name for stage in stages(inspection.skeleton("lenet5"))]
    assert names == ["input", "c1", "s2", "c3", "s4", "c5", "f6", "output"]


def test_a_network_is_more_than_one_box():
    """All layers of the neocognitron are called U in its paper."""
    found = stages(inspection.skeleton("neocognitron"))
    assert [s.name for s in found][1:3] == ["U_S1", "U_C1"]


def test_inception_modules_show_their_branches():
    found = {s.name: s for s in stages(inspection.skeleton("googlenet"))}
    assert words(found["inception_3a"].flow) == [
        [
            ["conv 1×1, 64"],
            ["conv 1×1, 96", "conv 3×3, 128"],
            ["conv 1×1, 16", "conv 5×5, 32"],
            ["max pool 3×3", "conv 1×1, 32"],
        ],
        "concat",
    ]
    assert found["inception_4b"].times == 1  # 4b, 4c and 4d differ in their widths


def test_a_transformer_is_one_block():
    found = stages(inspection.skeleton("gpt2"))
    assert [(s.name, s.times) for s in found] == [
        ("tokens", 1),
        ("token_embedding", 1),
        ("position_embedding", 1),
        ("block1–12", 12),
        ("norm", 1),
        ("token_embedding", 1),
    ]
    assert words(found[3].flow) == [
        [["norm", "masked self-attention, 12 heads"], []],
        "+",
        [["norm", "dense 3072", "dense 768"], []],
        "+",
    ]
    assert words(found[-1].flow) == ["dense 50257, tied to the embedding"]


def test_dense_blocks_fold_though_they_grow():
    blocks = [s for s in stages(inspection.skeleton("densenet121")) if s.times > 1]
    assert [(s.name, s.times) for s in blocks] == [
        ("block1", 6), ("block2", 12), ("block3", 24), ("block4", 16),
    ]  # fmt: skip
    assert blocks[0].shape == (56, 56, 256)


def test_nested_models_are_opened_and_parts_without_output_shown():
    found = stages(inspection.skeleton("vae"))
    parts = [(s.model, s.name) for s in found]
    assert parts[1:4] == [
        ("encoder", "hidden1"), ("encoder", "log_variance"), ("encoder", "mean"),
    ]  # fmt: skip
    assert parts[-1][0] == "decoder"
    parts = {s.model for s in stages(inspection.skeleton("dcgan"))}
    assert parts >= {"generator", "discriminator"}


def test_members_of_an_ensemble_stand_side_by_side():
    found = stages(inspection.skeleton("deep_ensemble"))
    member = found[1]
    assert (member.times, member.parallel) == (5, True)
    assert [s.times for s in found] == [1, 5, 1]


def u_net():
    """Two levels down and up; names as a user would give them."""
    inputs = x = keras.Input((32, 32, 1))
    skips = []
    for level, filters in ((1, 4), (2, 8)):
        x = layers.Conv2D(filters, 3, padding="same", name=f"down{level}_1")(x)
        x = layers.Conv2D(filters, 3, padding="same", name=f"down{level}_2")(x)
        skips.append(x)
        x = layers.MaxPooling2D(name=f"pool{level}")(x)
    x = layers.Conv2D(16, 3, padding="same", name="bottom")(x)
    for level, filters in ((2, 8), (1, 4)):
        x = layers.Conv2DTranspose(filters, 2, 2, name=f"up{level}_conv")(x)
        x = layers.Concatenate(name=f"up{level}_concat")([skips[level - 1], x])
        x = layers.Conv2D(filters, 3, padding="same", name=f"up{level}_1")(x)
    return keras.Model(inputs, x)


def test_a_u_net_bends():
    model = u_net()
    found = stages(model)
    names = [stage.name for stage in found]
    assert names == [
        "input",
        "down1",
        "pool1",
        "down2",
        "pool2",
        "bottom",
        "up2",
        "up1",
    ]
    boxes = [diagram._Box(stage) for stage in found]
    home = {id(box.stage): box for box in boxes}
    edges = [(home[id(s)], box) for box in boxes for s in box.stage.sources]
    paths = diagram._paths(boxes, edges)
    assert diagram._u_shaped(paths, edges) == [(1, 7), (3, 6)]
    assert report.diagram(model).axes


def test_ddpm_bends_though_its_stages_hear_two_of_the_way_down():
    found = {s.name: s for s in stages(inspection.skeleton("ddpm"))}
    assert found["down2_1–2"].times == 2 and found["up2_1–3"].times == 3
    heard = {s.name for s in found["up2_1–3"].sources}
    assert heard == {"up3_double", "down2_1–2", "down1_half", "step"}
    boxes, lines = placed("ddpm")
    columns = {box.x for box in boxes.values()}
    assert boxes["conv_out"].mirrored and len(columns) == 3
    assert sum("linestyle" in style for _, style in lines) == 8


def placed(name):
    """Boxes of a figure by the names of their stages, and the lines between them."""
    boxes = [diagram._Box(stage) for stage in stages(inspection.skeleton(name))]
    home = {id(box.stage): box for box in boxes}
    edges = [(home[id(s)], box) for box in boxes for s in box.stage.sources]
    lines = diagram._placed(boxes, diagram._told(boxes, edges))
    return {box.stage.name: box for box in boxes}, lines


def test_lines_go_around_boxes():
    boxes, lines = placed("faster_rcnn_resnet50_fpn")
    for line, _ in lines:
        ends = [b for b in boxes.values() if meets(line[0], b) or meets(line[-1], b)]
        assert len(ends) == 2
        crossed = [b for b in boxes.values() if diagram._crosses(line, b)]
        assert all(box in ends for box in crossed)
    remarks = [entry[0] for entry in boxes["roi_align"].left]
    assert remarks[-1] == "with p2, p3, p4, p5, p6"


def meets(point, box):
    x, y = point
    across = box.x <= x <= box.x + box.width
    return across and box.top - 0.1 <= y <= box.bottom + 0.1


def test_a_model_called_again_hears_all_its_callers():
    inputs = [keras.Input((4,), name=name) for name in ("one", "other")]
    shared = keras.Sequential([keras.Input((4,)), layers.Dense(3)], name="shared")
    outputs = layers.Add(name="sum")([shared(x) for x in inputs])
    found = {s.model or s.name: s for s in stages(keras.Model(inputs, outputs))}
    assert {s.name for s in found["shared"].sources} == {"one", "other"}


def test_the_memory_of_six_decoders_is_one_box():
    found = {s.name: s for s in stages(inspection.skeleton("transformer"))}
    memory = found["decoder1–6_memory"]
    assert (memory.times, memory.parallel) == (6, True)
    assert words(found["embedding"].flow) == ["dense 37000, tied to the embedding"]


def test_a_model_nobody_named_and_a_subclass_can_be_drawn():
    class Subclass(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = layers.Dense(4), layers.Dense(2)

        def call(self, x):
            return self.second(self.first(x))

    model = Subclass()
    model(keras.Input((3,)))
    assert [s.shape for s in stages(model)][-1] == (2,)
    plain = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.ReLU(), layers.Flatten()]
    )
    found = stages(plain)
    assert [stage.name for stage in found] == ["input", ""]
    assert found[1].notes == ["ReLU"]
    report.diagram(plain)


@pytest.mark.parametrize("name", SAMPLE)
def test_cards_are_drawn(name, tmp_path):
    path = tmp_path / f"{name}.svg"
    figure = report.diagram(name, path, tiny=True)
    text = path.read_text(encoding="utf-8")
    assert text.count("<text") > 3 and kerazoo.card(name).title.split()[0] in text
    width, height = figure.get_size_inches()
    assert 2 < width < 40 and 1 < height < 40


def test_pictures(tmp_path):
    report.diagram("lenet5", tmp_path / "lenet5.png")
    assert (tmp_path / "lenet5.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_draws(tmp_path):
    path = tmp_path / "block.svg"
    words = ["diagram", "lenet5_modern", "--set", "classes=7", "--output", str(path)]
    assert cli.main(words) == 0
    assert "dense 7" in path.read_text(encoding="utf-8")


def test_the_same_network_gives_the_same_file(tmp_path):
    for name in ("a.svg", "b.svg"):
        report.diagram("lenet5", tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_pictures_of_the_readme_are_current(tmp_path):
    """Texts are compared: lines move a little with the version of matplotlib."""
    for kept in STATIC.glob("*.svg"):
        report.diagram(kept.stem, tmp_path / kept.name)
        texts = [
            re.findall(r">([^<>]+)</text>", path.read_text(encoding="utf-8"))
            for path in (kept, tmp_path / kept.name)
        ]
        again = f"kerazoo diagram {kept.stem} --output docs/_static/{kept.name}"
        assert texts[0] and texts[0] == texts[1], f"run: {again}"


def test_keywords_go_with_a_name():
    with pytest.raises(TypeError, match="classes"):
        report.diagram(u_net(), classes=3)
