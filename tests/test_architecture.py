"""What the decorator adds to every builder."""

import copy
import inspect

import keras
import numpy as np
import pytest

import kerazoo
from kerazoo import architecture, distribution, optimizers


def tiny(**config):
    return kerazoo.create("fleuret_mnist", tiny=True, **config)


def test_compiled_by_the_recipe():
    model = kerazoo.resnet20()
    assert type(model.optimizer) is optimizers.SGD
    config = model.optimizer.get_config()
    assert config["learning_rate"] == pytest.approx(0.1)
    assert (config["momentum"], config["l2"]) == (0.9, 1e-4)
    assert type(model.loss) is keras.losses.SparseCategoricalCrossentropy
    assert not model.loss.get_config()["from_logits"]
    assert model.recipe["epochs"] == 164
    assert model.architecture == "resnet20"


def test_tiny_has_its_own_size_and_recipe():
    model = kerazoo.create("resnet20", tiny=True)
    assert model.input_shape == (None, 16, 16, 3)
    assert type(model.optimizer) is keras.optimizers.Adam
    assert model.recipe["epochs"] == 12
    assert model.recipe["loss"] == "sparse_categorical_crossentropy"


def test_keywords_win_over_the_reduced_configuration():
    assert tiny(units=8).get_layer("fc1").units == 8


def test_recipe_replaces_entries():
    adam = {"class_name": "Adam", "config": {"learning_rate": 0.5}}
    model = kerazoo.fleuret_mnist(recipe={"optimizer": adam, "epochs": 3})
    assert type(model.optimizer) is keras.optimizers.Adam
    assert (model.recipe["epochs"], model.recipe["batch_size"]) == (3, 100)
    assert tiny(recipe={"epochs": 3}).recipe["batch_size"] == 32
    assert kerazoo.card("fleuret_mnist").recipe["epochs"] == 10


def test_recipe_refuses_unknown_entries():
    with pytest.raises(ValueError, match="optimiser.*A recipe has: .*optimizer"):
        kerazoo.fleuret_mnist(recipe={"optimiser": "adam"})


def test_the_recipe_of_a_model_is_read_only():
    with pytest.raises(TypeError):
        tiny().recipe["epochs"] = 1


def test_cards_survive_building_and_training():
    before = copy.deepcopy(kerazoo.card("fleuret_mnist").to_dict())
    model = tiny()
    model.run_eagerly = True
    model.train_on_batch(np.zeros((2, 28, 28, 1)), np.zeros(2))
    assert kerazoo.card("fleuret_mnist").to_dict() == before


def test_compile_false():
    model = tiny(compile=False)
    assert not model.compiled
    assert model.recipe["batch_size"] == 32


def test_networks_that_memory_cannot_hold_are_refused(monkeypatch):
    with pytest.raises(
        MemoryError, match=r"'gpt3' take 69\d\.\d GB.*summary\('gpt3'\)"
    ):
        kerazoo.gpt3()
    assert kerazoo.inspection.skeleton("gpt3").count_params() > 1e11
    monkeypatch.setattr(architecture, "_available_memory", lambda: 10e6)
    with pytest.raises(MemoryError, match=r"'vgg16' take 0\.6 GB"):
        kerazoo.vgg16()
    tiny()  # its card is small
    # The card is large, but not the network with these keywords.
    assert kerazoo.create("vgg16", tiny=True, compile=False).built


def test_name():
    assert tiny(name="mine").name == "mine"
    assert tiny(name="mine").architecture == "fleuret_mnist"


def test_losses_follow_the_activation():
    assert tiny(classifier_activation=None).loss.get_config()["from_logits"]
    assert not tiny().loss.get_config()["from_logits"]


def test_weights_are_none_or_a_file(tmp_path):
    with pytest.raises(ValueError, match="No such file.*missing.h5"):
        tiny(weights=tmp_path / "missing.h5")
    with pytest.raises(ValueError, match="must end in .*notes.txt"):
        (tmp_path / "notes.txt").write_text("no weights")
        tiny(weights=tmp_path / "notes.txt")


def test_weights_of_a_saved_model(tmp_path):
    model = tiny()
    model.save(tmp_path / "model.keras")
    again = tiny(weights=tmp_path / "model.keras")
    for old, new in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_on_one_device_the_scope_does_nothing():
    assert distribution.resolve("auto") is None
    assert distribution.resolve("single") is None
    with distribution.scope():
        assert not distribution._in_scope()


def test_strategies_have_names():
    with pytest.raises(ValueError, match="Received: strategy='mirrored'"):
        distribution.resolve("mirrored")


def test_signature_and_documentation_are_the_builders():
    signature = inspect.signature(kerazoo.resnet20)
    assert list(signature.parameters)[-4:] == ["weights", "compile", "recipe", "name"]
    assert signature.parameters["n"].default == 3
    assert signature.parameters["name"].default == "resnet20"
    assert kerazoo.resnet20.__doc__.startswith("ResNet-20")


def test_create_needs_a_known_name():
    with pytest.raises(ValueError, match="Did you mean .*'resnet20'"):
        kerazoo.create("resnet2")
    with pytest.raises(TypeError, match="depth"):
        kerazoo.create("resnet20", depth=20)


def test_what_keras_refuses_names_the_keywords():
    with pytest.raises(ValueError) as refused:
        kerazoo.resnet18(input_shape=(32, 32))
    assert str(refused.value).startswith("resnet18(input_shape=(32, 32)) cannot be bui")
    assert "`input_shape` is (224, 224, 3)" in str(refused.value)
    with pytest.raises(TypeError, match=r"resnet18\(blocks=3\) cannot be built: 'int'"):
        kerazoo.resnet18(blocks=3)
    with pytest.raises(ValueError, match="^`shortcut` must be"):
        kerazoo.resnet18(shortcut="D")
    with pytest.raises(ValueError, match="^`classes` must be a positive integer"):
        tiny(classes=0)
