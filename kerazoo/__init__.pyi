"""The face of kerazoo, for type checkers and completion. Generated:
python -m kerazoo.stub > kerazoo/__init__.pyi
"""

from collections.abc import Mapping
from typing import Any

import keras

from kerazoo.architecture import create as create
from kerazoo.catalog import Card as Card
from kerazoo.catalog import card as card
from kerazoo.catalog import list_models as list_models
from kerazoo.catalog import search as search
from kerazoo.inspection import summary as summary
from kerazoo.layers.ensemble import ensemble as ensemble
from kerazoo.layers.monte_carlo import mc_dropout as mc_dropout
from kerazoo.training import evaluate as evaluate
from kerazoo.training import fit as fit
from kerazoo.training import load as load

__version__: str

def autoencoder(*, input_shape=(28, 28, 1), code=8, filters=32, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "autoencoder") -> keras.Model:
    """Convolutional auto-encoder (Hinton & Salakhutdinov, 2006; Fleuret, 2018)."""

def denoising_autoencoder(*, input_shape=(28, 28, 1), code=8, filters=32, corruption='erasure', level=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "denoising_autoencoder") -> keras.Model:
    """Denoising auto-encoder (Vincent et al., 2008), on the convolutional network."""

def dcgan(*, input_shape=(64, 64, 3), latent_dim=100, filters=128, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "dcgan") -> keras.Model:
    """DCGAN for images of 64x64 (Radford et al., 2016)."""

def dcgan_mnist(*, input_shape=(28, 28, 1), latent_dim=100, filters=64, units=1024, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "dcgan_mnist") -> keras.Model:
    """DCGAN for MNIST (Radford et al., 2016), the networks of the authors' code."""

def ddpm(*, input_shape=(32, 32, 3), filters=128, multipliers=(1, 2, 2, 2), blocks=2, attention_levels=(2,), groups=32, dropout=0.1, timesteps=1000, schedule='linear', ema_momentum=0.9999, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "ddpm") -> keras.Model:
    """DDPM for CIFAR-10 (Ho et al., 2020)."""

def ddpm_256(*, input_shape=(256, 256, 3), filters=128, multipliers=(1, 1, 2, 2, 4, 4), blocks=2, attention_levels=(5,), groups=32, dropout=0.0, timesteps=1000, schedule='linear', ema_momentum=0.9999, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "ddpm_256") -> keras.Model:
    """DDPM for LSUN and CelebA-HQ at 256x256 (Ho et al., 2020). Keywords as `ddpm`."""

def vae(*, input_shape=(28, 28, 1), latent_dim=20, units=(500,), activation='tanh', beta=1.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vae") -> keras.Model:
    """Variational auto-encoder for MNIST (Kingma & Welling, 2014)."""

def louppe_vae(*, input_shape=(28, 28, 1), latent_dim=32, units=(100, 100), activation='relu', beta=1.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "louppe_vae") -> keras.Model:
    """The lecture's variational auto-encoder (Louppe, 2023). Keywords as `vae`."""

def conv_vae(*, input_shape=(28, 28, 1), latent_dim=2, filters=(32, 64), units=16, beta=1.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "conv_vae") -> keras.Model:
    """Convolutional variational auto-encoder (Chollet, 2020)."""

def gcn(*, features=1433, classes=7, hidden_dim=16, dropout=0.5, l2=0.0005, use_bias=False, classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "gcn") -> keras.Model:
    """Two graph convolutions that label the nodes of a graph (Kipf & Welling, 2017)."""

def adaline(*, input_shape=(4, 4, 1), classes=2, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "adaline") -> keras.Model:
    """The adaptive linear neuron (Widrow & Hoff, 1960), trained by the delta rule."""

def madaline(*, input_shape=(2,), units=3, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "madaline") -> keras.Model:
    """MADALINE I: ADALINEs that vote, trained by minimal disturbance (Rule I)."""

def fleuret_mnist(*, input_shape=(28, 28, 1), classes=10, filters=(32, 64), units=200, classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "fleuret_mnist") -> keras.Model:
    """Fleuret's convolutional network for MNIST (Deep Learning Course, 2018)."""

def hebbian_layer(*, input_shape=(64,), units=8, rule='hebb', forgetting=0.1, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "hebbian_layer") -> keras.Model:
    """A layer of linear units that learns by Hebb's rule or its descendants."""

def associative_memory(*, input_shape=(256,), units=64, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "associative_memory") -> keras.Model:
    """A memory that learns pairs in one shot, `W = sum t x'`, and recalls `sign(W x)`."""

def hubel_wiesel(*, input_shape=(64, 64, 1), cells='complex', orientations=8, frequencies=(0.125,), kernel_size=21, readout=False, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "hubel_wiesel") -> keras.Model:
    """Oriented simple and complex cells, as fixed Gabor filters (Hubel & Wiesel)."""

def hubel_wiesel_classifier(*, input_shape=(64, 64, 1), classes=8, cells='complex', orientations=8, frequencies=(0.125,), kernel_size=21, classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "hubel_wiesel_classifier") -> keras.Model:
    """A linear classifier on the mean activity of fixed oriented cells."""

def zip_cnn_1989(*, input_shape=(16, 16, 1), classes=10, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "zip_cnn_1989") -> keras.Model:
    """The first convolutional network trained by back-propagation (LeCun, 1989)."""

def lenet1(*, input_shape=(28, 28, 1), classes=10, simplified=False, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "lenet1") -> keras.Model:
    """LeNet-1 (LeCun et al., 1990): two convolutions, two subsamplings, ten outputs."""

def lenet4(*, input_shape=(32, 32, 1), classes=10, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "lenet4") -> keras.Model:
    """LeNet-4 (LeCun et al., 1998): LeNet-1 with more maps and a hidden layer."""

def info8010_convnet(*, input_shape=(28, 28, 1), classes=10, filters=6, units=50, classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "info8010_convnet") -> keras.Model:
    """A small ReLU convnet, LeNet as the INFO8010 course has its students write it."""

def lenet5(*, input_shape=(32, 32, 1), weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "lenet5") -> keras.Model:
    """LeNet-5 with its table of connections and bitmap outputs (LeCun et al., 1998)."""

def lenet5_modern(*, input_shape=(32, 32, 1), classes=10, filters=(6, 16), units=(120, 84), activation='tanh', pooling='average', classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "lenet5_modern") -> keras.Model:
    """LeNet-5 as it is taught today: plain pooling, full connection, softmax."""

def mcculloch_pitts(*, net='xor', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "mcculloch_pitts") -> keras.Model:
    """A net of McCulloch-Pitts neurons (1943): a gate, a net of Figure 1, a latch."""

def neocognitron(*, planes=24, r=(4.0, 1.5, 1.5), q=(1.0, 16.0, 16.0), alpha=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "neocognitron") -> keras.Model:
    """The neocognitron (Fukushima, 1980)."""

def neocognitron_readout(*, classes=10, planes=24, r=(4.0, 1.5, 1.5), q=(1.0, 16.0, 16.0), alpha=0.5, classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "neocognitron_readout") -> keras.Model:
    """A neocognitron whose last cells a dense layer reads, taught by labels."""

def perceptron(*, input_shape=(20, 20, 1), classes=8, units=512, fan_out=40, threshold=1, seed=0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "perceptron") -> keras.Model:
    """The Mark I Perceptron (Rosenblatt, 1958)."""

def single_layer_perceptron(*, input_shape=(20, 20, 1), classes=10, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "single_layer_perceptron") -> keras.Model:
    """The perceptron of the textbooks: response units on the inputs themselves."""

def averaged_perceptron(*, input_shape=(20, 20, 1), classes=10, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "averaged_perceptron") -> keras.Model:
    """A perceptron that answers with the mean of its weights over the run."""

def pocket_perceptron(*, input_shape=(20, 20, 1), classes=10, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "pocket_perceptron") -> keras.Model:
    """A perceptron that keeps, in its pocket, the weights with the longest run."""

def simple_mlp(*, input_shape=(784,), units=512, classes=10, classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "simple_mlp") -> keras.Model:
    """One tanh layer and a softmax, the lectures' first Keras program."""

def dropout_mlp(*, input_shape=(784,), units=(800, 800), classes=10, activation='relu', input_dropout=0.2, dropout=0.5, max_norm=3.873, classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "dropout_mlp") -> keras.Model:
    """Two wide layers, with dropout on inputs and units (Hinton et al., 2012)."""

def six_layer_mlp(*, input_shape=(841,), units=(2500, 2000, 1500, 1000, 500), classes=10, classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "six_layer_mlp") -> keras.Model:
    """Six layers of scaled tanh units, the best plain MLP on MNIST (Ciresan, 2010)."""

def info8010_mlp(*, input_shape=(28, 28, 1), units=(8, 8), classes=10, classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "info8010_mlp") -> keras.Model:
    """Two narrow ReLU layers, the first network of the INFO8010 course."""

def snarc(*, max_steps=500, reward=0.2, forgetting=0.05, trace_decay=0.8, random_wiring=None, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "snarc") -> keras.Model:
    """A model of SNARC, the first neural machine (Minsky & Edmonds, 1951)."""

def tc_network(*, input_shape=(11, 11, 1), filters=2, shared_output=True, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "tc_network") -> keras.Model:
    """One shared 3x3 window looking for a T or a C (Rumelhart et al., 1986)."""

def werbos_mlp(*, input_shape=(2,), units=(4,), outputs=1, activation='sigmoid', explicit_backprop=False, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "werbos_mlp") -> keras.Model:
    """Layers of logistic units, trained by back-propagation (Werbos, 1982)."""

def gpt2(*, vocabulary_size=50257, sequence_length=1024, num_layers=12, num_heads=12, hidden_dim=768, dropout=0.1, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "gpt2") -> keras.Model:
    """GPT-2, the smallest of the four sizes (Radford et al., 2019)."""

def gpt2_medium(*, vocabulary_size=50257, sequence_length=1024, num_layers=24, num_heads=16, hidden_dim=1024, dropout=0.1, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "gpt2_medium") -> keras.Model:
    """GPT-2 medium (Radford et al., 2019). Keywords, returns, errors as `gpt2`."""

def gpt2_large(*, vocabulary_size=50257, sequence_length=1024, num_layers=36, num_heads=20, hidden_dim=1280, dropout=0.1, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "gpt2_large") -> keras.Model:
    """GPT-2 large (Radford et al., 2019). Keywords, returns, errors as `gpt2`."""

def gpt2_xl(*, vocabulary_size=50257, sequence_length=1024, num_layers=48, num_heads=25, hidden_dim=1600, dropout=0.1, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "gpt2_xl") -> keras.Model:
    """GPT-2 XL (Radford et al., 2019). Keywords, returns, errors as `gpt2`."""

def gpt2_nano(*, vocabulary_size=65, sequence_length=256, num_layers=6, num_heads=6, hidden_dim=384, dropout=0.2, use_bias=False, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "gpt2_nano") -> keras.Model:
    """The network of nanoGPT for the characters of Shakespeare (Karpathy, 2022)."""

def gpt3(*, vocabulary_size=50257, sequence_length=2048, num_layers=96, num_heads=96, hidden_dim=12288, local_window=256, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "gpt3") -> keras.Model:
    """GPT-3, the largest of the eight sizes (Brown et al., 2020)."""

def gpt3_small(*, vocabulary_size=50257, sequence_length=2048, num_layers=12, num_heads=12, hidden_dim=768, local_window=256, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "gpt3_small") -> keras.Model:
    """GPT-3 Small (Brown et al., 2020). Keywords, returns and errors as `gpt3`."""

def gpt3_medium(*, vocabulary_size=50257, sequence_length=2048, num_layers=24, num_heads=16, hidden_dim=1024, local_window=256, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "gpt3_medium") -> keras.Model:
    """GPT-3 Medium (Brown et al., 2020). Keywords, returns and errors as `gpt3`."""

def gpt3_large(*, vocabulary_size=50257, sequence_length=2048, num_layers=24, num_heads=16, hidden_dim=1536, local_window=256, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "gpt3_large") -> keras.Model:
    """GPT-3 Large (Brown et al., 2020). Keywords, returns and errors as `gpt3`."""

def gpt3_xl(*, vocabulary_size=50257, sequence_length=2048, num_layers=24, num_heads=16, hidden_dim=2048, local_window=256, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "gpt3_xl") -> keras.Model:
    """GPT-3 XL (Brown et al., 2020). Keywords, returns and errors as `gpt3`."""

def gpt3_2_7b(*, vocabulary_size=50257, sequence_length=2048, num_layers=32, num_heads=32, hidden_dim=2560, local_window=256, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "gpt3_2_7b") -> keras.Model:
    """GPT-3 2.7B (Brown et al., 2020). Keywords, returns and errors as `gpt3`."""

def gpt3_6_7b(*, vocabulary_size=50257, sequence_length=2048, num_layers=32, num_heads=32, hidden_dim=4096, local_window=256, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "gpt3_6_7b") -> keras.Model:
    """GPT-3 6.7B (Brown et al., 2020). Keywords, returns and errors as `gpt3`."""

def gpt3_13b(*, vocabulary_size=50257, sequence_length=2048, num_layers=40, num_heads=40, hidden_dim=5120, local_window=256, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "gpt3_13b") -> keras.Model:
    """GPT-3 13B (Brown et al., 2020). Keywords, returns and errors as `gpt3`."""

def codex(*, vocabulary_size=50281, sequence_length=2048, num_layers=40, num_heads=40, hidden_dim=5120, local_window=256, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "codex") -> keras.Model:
    """Codex (Chen et al., 2021). Keywords, returns and errors as `gpt3`."""

def transformer(*, vocabulary_size=37000, sequence_length=256, num_layers=6, num_heads=8, hidden_dim=512, intermediate_dim=2048, dropout=0.1, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "transformer") -> keras.Model:
    """The Transformer's base model, from text to translation (Vaswani et al., 2017)."""

def transformer_big(*, vocabulary_size=37000, sequence_length=256, num_layers=6, num_heads=16, hidden_dim=1024, intermediate_dim=4096, dropout=0.3, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "transformer_big") -> keras.Model:
    """The Transformer's big model (Vaswani et al., 2017)."""

def show_and_tell(*, image_shape=(224, 224, 3), vocabulary_size=12000, sequence_length=20, units=512, dropout=0.3, initial_limit=0.08, batch_normalization=False, encoder='bn_inception', encoder_config=None, train_encoder=False, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "show_and_tell") -> keras.Model:
    """A convolutional network looks, an LSTM tells (Vinyals et al., 2015)."""

def dqn(*, input_shape=(84, 84, 4), actions=4, filters=(32, 64, 64), kernel_sizes=(8, 4, 3), strides=(4, 2, 1), units=512, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "dqn") -> keras.Model:
    """The network that plays Atari from pixels (Mnih et al., 2015)."""

def dqn_2013(*, input_shape=(84, 84, 4), actions=4, filters=(16, 32), kernel_sizes=(8, 4), strides=(4, 2), units=256, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "dqn_2013") -> keras.Model:
    """The first network that played Atari from pixels (Mnih et al., 2013)."""

def double_dqn(*, input_shape=(84, 84, 4), actions=4, filters=(32, 64, 64), kernel_sizes=(8, 4, 3), strides=(4, 2, 1), units=512, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "double_dqn") -> keras.Model:
    """DQN that chooses by one network, values by the other (van Hasselt et al., 2016)."""

def dueling_dqn(*, input_shape=(84, 84, 4), actions=4, filters=(32, 64, 64), kernel_sizes=(8, 4, 3), strides=(4, 2, 1), units=512, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "dueling_dqn") -> keras.Model:
    """DQN of two streams, a value and each action's advantage (Wang et al., 2016)."""

def dqn_mlp(*, input_shape=(4,), actions=2, units=(256, 256), weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "dqn_mlp") -> keras.Model:
    """Deep Q-learning for environments that show a few numbers, such as CartPole."""

def ppo(*, input_shape=(17,), actions=6, units=(64, 64), continuous=True, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "ppo") -> keras.Model:
    """An actor and a critic for continuous control (Schulman et al., 2017)."""

def ppo_cartpole(*, input_shape=(4,), actions=2, units=(64, 64), weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "ppo_cartpole") -> keras.Model:
    """An actor and a critic for a choice of actions, as `ppo` (Schulman et al., 2017)."""

def reinforce(*, input_shape=(4,), actions=2, units=64, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "reinforce") -> keras.Model:
    """A policy with one hidden layer, learned by REINFORCE (Williams, 1992)."""

def reinforce_baseline(*, input_shape=(4,), actions=2, units=64, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "reinforce_baseline") -> keras.Model:
    """REINFORCE with the expected reward-to-go as its baseline (Williams, 1992)."""

def deep_speech(*, features=161, context=9, units=2560, dropout=0.1, alphabet=" abcdefghijklmnopqrstuvwxyz'", weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "deep_speech") -> keras.Model:
    """Spectrograms to letters (Hannun et al., 2014)."""

def heteroscedastic_mlp(*, input_shape=(1,), units=(64, 64), dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "heteroscedastic_mlp") -> keras.Model:
    """A multilayer perceptron that predicts a mean and its noise (Nix, 1994)."""

def deep_ensemble(*, input_shape=(1,), members=5, units=(64, 64), weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "deep_ensemble") -> keras.Model:
    """Networks that differ in their start, as one mixture (Lakshminarayanan, 2017)."""

def mixture_density_network(*, input_shape=(1,), units=20, components=3, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "mixture_density_network") -> keras.Model:
    """A network that predicts a mixture of Gaussians (Bishop, 1994)."""

def alexnet(*, input_shape=(227, 227, 3), classes=1000, include_top=True, classifier_activation='softmax', groups=2, lrn='paper', filters=(96, 256, 384, 384, 256), units=4096, dropout=0.5, stddev=0.01, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "alexnet") -> keras.Model:
    """AlexNet (Krizhevsky, Sutskever & Hinton, 2012)."""

def alexnet_owt(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', filters=(64, 192, 384, 256, 256), units=4096, dropout=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "alexnet_owt") -> keras.Model:
    """AlexNet on one GPU without normalisation (Krizhevsky, 2014), torchvision's."""

def bn_alexnet(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', filters=(64, 192, 384, 256, 256), units=4096, dropout=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "bn_alexnet") -> keras.Model:
    """AlexNet with batch normalisation (Chintala, 2015; Canziani et al., 2016)."""

def bn_inception(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', separable_stem=False, blocks=(2, 4, 2), width=1.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "bn_inception") -> keras.Model:
    """BN-Inception (Ioffe & Szegedy, 2015), as in the public Caffe network."""

def convnext_tiny(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', blocks=(3, 3, 9, 3), filters=(96, 192, 384, 768), patch_size=4, layer_scale=1e-06, drop_path=0.1, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "convnext_tiny") -> keras.Model:
    """ConvNeXt-T (Liu et al., 2022)."""

def convnext_small(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', blocks=(3, 3, 27, 3), filters=(96, 192, 384, 768), patch_size=4, layer_scale=1e-06, drop_path=0.4, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "convnext_small") -> keras.Model:
    """ConvNeXt-S (Liu et al., 2022). Keywords and returns as `convnext_tiny`."""

def convnext_base(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', blocks=(3, 3, 27, 3), filters=(128, 256, 512, 1024), patch_size=4, layer_scale=1e-06, drop_path=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "convnext_base") -> keras.Model:
    """ConvNeXt-B (Liu et al., 2022). Keywords and returns as `convnext_tiny`."""

def convnext_large(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', blocks=(3, 3, 27, 3), filters=(192, 384, 768, 1536), patch_size=4, layer_scale=1e-06, drop_path=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "convnext_large") -> keras.Model:
    """ConvNeXt-L (Liu et al., 2022). Keywords and returns as `convnext_tiny`."""

def convnext_xlarge(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', blocks=(3, 3, 27, 3), filters=(256, 512, 1024, 2048), patch_size=4, layer_scale=1e-06, drop_path=0.2, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "convnext_xlarge") -> keras.Model:
    """ConvNeXt-XL (Liu et al., 2022). Keywords and returns as `convnext_tiny`."""

def convnext_cifar(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', step='convnext', filters=32, blocks=2, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "convnext_cifar") -> keras.Model:
    """ConvNeXt of the course, and the steps that lead to it from a ResNet."""

def cuda_convnet(*, input_shape=(32, 32, 3), classes=10, filters=(32, 32, 64), classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "cuda_convnet") -> keras.Model:
    """cuda-convnet's "18 % error in 20 minutes" (Krizhevsky, 2012)."""

def cuda_convnet_local(*, input_shape=(24, 24, 3), classes=10, filters=(64, 64, 64, 32), classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "cuda_convnet_local") -> keras.Model:
    """cuda-convnet's best: two convolutions, two locally connected layers."""

def densenet121(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', blocks=(6, 12, 24, 16), growth_rate=32, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "densenet121") -> keras.Model:
    """DenseNet-121 (Huang et al., 2017): DenseNet-BC for ImageNet."""

def densenet169(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', blocks=(6, 12, 32, 32), growth_rate=32, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "densenet169") -> keras.Model:
    """DenseNet-169 (Huang et al., 2017). Keywords and returns as `densenet121`."""

def densenet201(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', blocks=(6, 12, 48, 32), growth_rate=32, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "densenet201") -> keras.Model:
    """DenseNet-201 (Huang et al., 2017). Keywords and returns as `densenet121`."""

def densenet264(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', blocks=(6, 12, 64, 48), growth_rate=32, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "densenet264") -> keras.Model:
    """DenseNet-264 (Huang et al., 2017). Keywords and returns as `densenet121`."""

def densenet161(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', blocks=(6, 12, 36, 24), growth_rate=48, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "densenet161") -> keras.Model:
    """DenseNet-161 (Huang et al., 2017). Keywords and returns as `densenet121`."""

def densenet40_k12(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', depth=40, growth_rate=12, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "densenet40_k12") -> keras.Model:
    """DenseNet for CIFAR-10 (Huang et al., 2017): 40 layers, k = 12."""

def densenet100_k12(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', depth=100, growth_rate=12, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "densenet100_k12") -> keras.Model:
    """DenseNet, 100 layers, k = 12. Keywords and errors as `densenet40_k12`."""

def densenet100_k24(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', depth=100, growth_rate=24, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "densenet100_k24") -> keras.Model:
    """DenseNet, 100 layers, k = 24. Keywords and errors as `densenet40_k12`."""

def densenet_bc100_k12(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', depth=100, growth_rate=12, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "densenet_bc100_k12") -> keras.Model:
    """DenseNet-BC, 100 layers, k = 12. Keywords and errors as `densenet40_k12`."""

def densenet_bc250_k24(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', depth=250, growth_rate=24, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "densenet_bc250_k24") -> keras.Model:
    """DenseNet-BC, 250 layers, k = 24. Keywords and errors as `densenet40_k12`."""

def densenet_bc190_k40(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', depth=190, growth_rate=40, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "densenet_bc190_k40") -> keras.Model:
    """DenseNet-BC, 190 layers, k = 40. Keywords and errors as `densenet40_k12`."""

def enet_classifier(*, input_shape=(224, 224, 3), classes=1000, width=1.5625, repeats=2, include_top=True, classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "enet_classifier") -> keras.Model:
    """ENet's encoder with a classifier (after Paszke et al., 2016)."""

def faster_rcnn_resnet50_fpn(*, input_shape=(800, 1344, 3), classes=80, blocks=(3, 4, 6, 3), filters=64, pyramid_filters=256, anchor_sizes=(32, 64, 128, 256, 512), roi_size=7, units=1024, candidates=(2000, 1000), proposals=(2000, 1000), anchor_samples=256, region_samples=512, detections=100, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "faster_rcnn_resnet50_fpn") -> keras.Model:
    """Faster R-CNN with ResNet-50 and a feature pyramid (Ren et al., 2015; Lin et al.)."""

def faster_rcnn_vgg16(*, input_shape=(608, 1008, 3), classes=20, filters=(64, 128, 256, 512, 512), anchor_sizes=(128, 256, 512), roi_size=7, units=4096, dropout=0.5, candidates=(12000, 6000), proposals=(2000, 300), anchor_samples=256, region_samples=128, detections=100, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "faster_rcnn_vgg16") -> keras.Model:
    """Faster R-CNN with VGG-16 (Ren et al., 2015)."""

def googlenet(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', aux_heads=True, width=1.0, dropout=0.4, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "googlenet") -> keras.Model:
    """GoogLeNet (Szegedy et al., 2015)."""

def googlenet_bn(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', aux_heads=True, width=1.0, dropout=0.2, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "googlenet_bn") -> keras.Model:
    """GoogLeNet with batch normalisation, torchvision's."""

def inception_resnet_v2(*, input_shape=(299, 299, 3), classes=1000, include_top=True, classifier_activation='softmax', dropout=0.2, blocks=(10, 20, 10), width=1.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "inception_resnet_v2") -> keras.Model:
    """Inception-ResNet-v2 (Szegedy et al., 2017), as its authors published it."""

def inception_resnet_v1(*, input_shape=(299, 299, 3), classes=1000, include_top=True, classifier_activation='softmax', dropout=0.2, blocks=(5, 10, 5), width=1.0, embedding=None, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "inception_resnet_v1") -> keras.Model:
    """Inception-ResNet-v1 (Szegedy et al., 2017)."""

def inception_v3(*, input_shape=(299, 299, 3), classes=1000, include_top=True, classifier_activation='softmax', aux_head=False, count_include_pad=False, dropout=0.2, blocks=(3, 4, 2), width=1.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "inception_v3") -> keras.Model:
    """Inception v3 (Szegedy et al., 2016)."""

def inception_v4(*, input_shape=(299, 299, 3), classes=1000, include_top=True, classifier_activation='softmax', dropout=0.2, blocks=(4, 7, 3), width=1.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "inception_v4") -> keras.Model:
    """Inception v4 (Szegedy et al., 2017)."""

def mcdnn(*, input_shape=(29, 29, 1), classes=10, maps=(20, 40), kernels=(4, 5), pools=(2, 3), units=(150,), digit_width=None, classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "mcdnn") -> keras.Model:
    """A column of MCDNN for MNIST: 20C4-MP2-40C5-MP3-150N-10N (Ciresan, 2012)."""

def mcdnn_cifar10(*, input_shape=(32, 32, 3), classes=10, maps=(300, 300, 300, 300), kernels=(3, 2, 3, 2), pools=(2, 2, 2, 2), units=(300, 100), classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "mcdnn_cifar10") -> keras.Model:
    """A column of MCDNN for CIFAR-10 (Ciresan et al., 2012). Keywords as `mcdnn`."""

def mcdnn_norb(*, input_shape=(48, 48, 2), classes=6, maps=(300, 500), kernels=(6, 4), pools=(2, 4), units=(500,), classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "mcdnn_norb") -> keras.Model:
    """A column of MCDNN for stereo pairs of NORB. Keywords as `mcdnn`."""

def mcdnn_gtsrb(*, input_shape=(48, 48, 3), classes=43, maps=(100, 150, 250), kernels=(7, 4, 4), pools=(2, 2, 2), units=(300, 100), classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "mcdnn_gtsrb") -> keras.Model:
    """A column of MCDNN for German traffic signs. Keywords as `mcdnn`."""

def mcdnn_hwdb(*, input_shape=(48, 48, 1), classes=3755, maps=(100, 200, 300, 400), kernels=(3, 2, 2, 2), pools=(2, 2, 2, 2), units=(500,), classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "mcdnn_hwdb") -> keras.Model:
    """A column of MCDNN for 3755 Chinese characters. Keywords as `mcdnn`."""

def mitosis_net(*, input_shape=(101, 101, 3), classes=2, kernels=(2, 3, 3, 2, 2), maps=16, units=100, sliding=False, activation='relu', classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "mitosis_net") -> keras.Model:
    """Does a cell divide in this window? Five convolutions (Ciresan et al., 2013)."""

def mitosis_net_dnn2(*, input_shape=(101, 101, 3), classes=2, kernels=(4, 4, 4, 3), maps=16, units=100, sliding=False, activation='relu', classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "mitosis_net_dnn2") -> keras.Model:
    """The second, shallower network of the pair. Keywords as `mitosis_net`."""

def mitosis_detector(*, input_shape=(101, 101, 3), classes=2, maps=16, units=100, activation='relu', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "mitosis_detector") -> keras.Model:
    """Both networks, averaged, with the search for mitoses in whole images."""

def nin_cifar10(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', filters=((192, 160, 96), (192, 192, 192), (192, 192)), dropout=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "nin_cifar10") -> keras.Model:
    """Network in Network for CIFAR-10 (Lin, Chen & Yan, 2014)."""

def nin_imagenet(*, input_shape=(224, 224, 3), classes=1000, classifier_activation='softmax', filters=(96, 256, 384, 1024), dropout=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "nin_imagenet") -> keras.Model:
    """Network in Network for ImageNet, the authors' Caffe model."""

def bn_nin(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', filters=(96, 256, 384, 1024), weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "bn_nin") -> keras.Model:
    """Network in Network with batch normalisation (Canziani et al., 2016)."""

def prelu_net_c(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', n=6, filters=(96, 384, 768, 896), units=4096, dropout=0.5, bins=(7, 3, 2, 1), activation='prelu', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "prelu_net_c") -> keras.Model:
    """PReLU-net C (He et al., 2015): 22 layers, the widest."""

def prelu_net_a(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', n=5, filters=(96, 256, 512, 512), units=4096, dropout=0.5, bins=(7, 3, 2, 1), activation='prelu', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "prelu_net_a") -> keras.Model:
    """PReLU-net A (He et al., 2015): 19 layers. Keywords, returns as `prelu_net_c`."""

def prelu_net_b(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', n=6, filters=(96, 256, 512, 512), units=4096, dropout=0.5, bins=(7, 3, 2, 1), activation='prelu', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "prelu_net_b") -> keras.Model:
    """PReLU-net B (He et al., 2015): 22 layers. Keywords, returns as `prelu_net_c`."""

def resnet50(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', shortcut='B', stride_on='1x1', blocks=(3, 4, 6, 3), filters=64, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet50") -> keras.Model:
    """ResNet-50 (He et al., 2016)."""

def resnet101(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', shortcut='B', stride_on='1x1', blocks=(3, 4, 23, 3), filters=64, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet101") -> keras.Model:
    """ResNet-101 (He et al., 2016). Keywords, returns and errors as `resnet50`."""

def resnet152(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', shortcut='B', stride_on='1x1', blocks=(3, 8, 36, 3), filters=64, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet152") -> keras.Model:
    """ResNet-152 (He et al., 2016). Keywords, returns and errors as `resnet50`."""

def resnet18(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', shortcut='B', blocks=(2, 2, 2, 2), filters=64, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet18") -> keras.Model:
    """ResNet-18 (He et al., 2016). Keywords, returns and errors as `resnet50`."""

def resnet34(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', shortcut='B', blocks=(3, 4, 6, 3), filters=64, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet34") -> keras.Model:
    """ResNet-34 (He et al., 2016). Keywords, returns and errors as `resnet50`."""

def resnet20(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', shortcut='A', n=3, filters=16, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet20") -> keras.Model:
    """ResNet-20 for CIFAR-10 (He et al., 2016, section 4.2)."""

def resnet32(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', shortcut='A', n=5, filters=16, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet32") -> keras.Model:
    """ResNet-32 for CIFAR-10 (He et al., 2016). Keywords as `resnet20`."""

def resnet44(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', shortcut='A', n=7, filters=16, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet44") -> keras.Model:
    """ResNet-44 for CIFAR-10 (He et al., 2016). Keywords as `resnet20`."""

def resnet56(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', shortcut='A', n=9, filters=16, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet56") -> keras.Model:
    """ResNet-56 for CIFAR-10 (He et al., 2016). Keywords as `resnet20`."""

def resnet110(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', shortcut='A', n=18, filters=16, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet110") -> keras.Model:
    """ResNet-110 for CIFAR-10 (He et al., 2016). Keywords as `resnet20`."""

def resnet1202(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', shortcut='A', n=200, filters=16, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet1202") -> keras.Model:
    """ResNet-1202 for CIFAR-10 (He et al., 2016). Keywords as `resnet20`."""

def resnet50_v2(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', stage_stride='first', blocks=(3, 4, 6, 3), filters=64, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet50_v2") -> keras.Model:
    """ResNet-50 v2 (He et al., 2016, Identity mappings)."""

def resnet101_v2(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', stage_stride='first', blocks=(3, 4, 23, 3), filters=64, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet101_v2") -> keras.Model:
    """ResNet-101 v2 (He et al., 2016). Keywords and errors as `resnet50_v2`."""

def resnet152_v2(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', stage_stride='first', blocks=(3, 8, 36, 3), filters=64, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet152_v2") -> keras.Model:
    """ResNet-152 v2 (He et al., 2016). Keywords and errors as `resnet50_v2`."""

def resnet200_v2(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', stage_stride='first', blocks=(3, 24, 36, 3), filters=64, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet200_v2") -> keras.Model:
    """ResNet-200 v2 (He et al., 2016). Keywords and errors as `resnet50_v2`."""

def resnet18_v2(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', stage_stride='first', blocks=(2, 2, 2, 2), filters=64, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet18_v2") -> keras.Model:
    """ResNet-18 v2 (He et al., 2016). Keywords and errors as `resnet50_v2`."""

def resnet34_v2(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', stage_stride='first', blocks=(3, 4, 6, 3), filters=64, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet34_v2") -> keras.Model:
    """ResNet-34 v2 (He et al., 2016). Keywords and errors as `resnet50_v2`."""

def resnet164_v2(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', n=18, filters=16, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet164_v2") -> keras.Model:
    """ResNet-164 v2 for CIFAR-10 (He et al., 2016): bottlenecks, 9n + 2 layers."""

def resnet1001_v2(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', n=111, filters=16, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet1001_v2") -> keras.Model:
    """ResNet-1001 v2 for CIFAR-10 (He et al., 2016). Keywords as `resnet164_v2`."""

def resnet110_v2(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', n=18, filters=16, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "resnet110_v2") -> keras.Model:
    """ResNet-110 v2 for CIFAR-10: basic blocks, 6n + 2. Keywords as `resnet164_v2`."""

def skin_cancer_net(*, input_shape=(299, 299, 3), classes=757, groups=None, classifier_activation='softmax', trainable_backbone=True, dropout=0.2, count_include_pad=False, blocks=(3, 4, 2), width=1.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "skin_cancer_net") -> keras.Model:
    """Skin-cancer classifier (Esteva et al., 2017): Inception v3 with a new head."""

def unet(*, input_shape=(572, 572, 1), classes=2, filters=64, depth=4, padding='valid', batch_normalization=False, dropout=0.5, classifier_activation='softmax', weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "unet") -> keras.Model:
    """A class for every pixel, by a U of convolutions (Ronneberger et al., 2015)."""

def louppe_unet(*, input_shape=(128, 128, 1), filters=64, depth=3, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "louppe_unet") -> keras.Model:
    """The course's U-Net, which finds membranes (Louppe, info8010, lecture 6)."""

def vgg16(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', filters=(64, 128, 256, 512, 512), units=4096, dropout=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vgg16") -> keras.Model:
    """VGG-16, configuration D (Simonyan & Zisserman, 2015)."""

def vgg11(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', filters=(64, 128, 256, 512, 512), units=4096, dropout=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vgg11") -> keras.Model:
    """VGG-11, configuration A (Simonyan & Zisserman, 2015)."""

def vgg11_lrn(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', filters=(64, 128, 256, 512, 512), units=4096, dropout=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vgg11_lrn") -> keras.Model:
    """VGG-11 with LRN, configuration A-LRN."""

def vgg13(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', filters=(64, 128, 256, 512, 512), units=4096, dropout=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vgg13") -> keras.Model:
    """VGG-13, configuration B (Simonyan & Zisserman, 2015)."""

def vgg16_c(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', filters=(64, 128, 256, 512, 512), units=4096, dropout=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vgg16_c") -> keras.Model:
    """VGG-16 with 1x1 convolutions, configuration C."""

def vgg19(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', filters=(64, 128, 256, 512, 512), units=4096, dropout=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vgg19") -> keras.Model:
    """VGG-19, configuration E (Simonyan & Zisserman, 2015)."""

def vgg11_bn(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', filters=(64, 128, 256, 512, 512), units=4096, dropout=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vgg11_bn") -> keras.Model:
    """VGG-11 with batch normalisation."""

def vgg13_bn(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', filters=(64, 128, 256, 512, 512), units=4096, dropout=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vgg13_bn") -> keras.Model:
    """VGG-13 with batch normalisation."""

def vgg16_bn(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', filters=(64, 128, 256, 512, 512), units=4096, dropout=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vgg16_bn") -> keras.Model:
    """VGG-16 with batch normalisation."""

def vgg19_bn(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', filters=(64, 128, 256, 512, 512), units=4096, dropout=0.5, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vgg19_bn") -> keras.Model:
    """VGG-19 with batch normalisation."""

def vit_base_16(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', patch_size=16, hidden_dim=768, num_layers=12, num_heads=12, mlp_dim=3072, dropout=0.1, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vit_base_16") -> keras.Model:
    """Vision Transformer ViT-B/16 (Dosovitskiy et al., 2021)."""

def vit_tiny_16(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', patch_size=16, hidden_dim=192, num_layers=12, num_heads=3, mlp_dim=768, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vit_tiny_16") -> keras.Model:
    """Vision Transformer ViT-Ti/16 (DeiT-Ti). Keywords and errors as `vit_base_16`."""

def vit_small_16(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', patch_size=16, hidden_dim=384, num_layers=12, num_heads=6, mlp_dim=1536, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vit_small_16") -> keras.Model:
    """Vision Transformer ViT-S/16 (DeiT-S). Keywords and errors as `vit_base_16`."""

def vit_base_32(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', patch_size=32, hidden_dim=768, num_layers=12, num_heads=12, mlp_dim=3072, dropout=0.1, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vit_base_32") -> keras.Model:
    """Vision Transformer ViT-B/32. Keywords and errors as `vit_base_16`."""

def vit_large_16(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', patch_size=16, hidden_dim=1024, num_layers=24, num_heads=16, mlp_dim=4096, dropout=0.1, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vit_large_16") -> keras.Model:
    """Vision Transformer ViT-L/16. Keywords and errors as `vit_base_16`."""

def vit_large_32(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', patch_size=32, hidden_dim=1024, num_layers=24, num_heads=16, mlp_dim=4096, dropout=0.1, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vit_large_32") -> keras.Model:
    """Vision Transformer ViT-L/32. Keywords and errors as `vit_base_16`."""

def vit_huge_14(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', patch_size=14, hidden_dim=1280, num_layers=32, num_heads=16, mlp_dim=5120, dropout=0.1, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vit_huge_14") -> keras.Model:
    """Vision Transformer ViT-H/14. Keywords and errors as `vit_base_16`."""

def vit_cifar(*, input_shape=(32, 32, 3), classes=10, include_top=True, classifier_activation='softmax', patch_size=4, hidden_dim=128, num_layers=6, num_heads=4, mlp_dim=512, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "vit_cifar") -> keras.Model:
    """Vision Transformer of the course, for CIFAR-10. Keywords as `vit_base_16`."""

def wide_resnet28_10(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', depth=28, width=10, filters=16, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "wide_resnet28_10") -> keras.Model:
    """WRN-28-10 for CIFAR-10 (Zagoruyko & Komodakis, 2016)."""

def wide_resnet16_8(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', depth=16, width=8, filters=16, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "wide_resnet16_8") -> keras.Model:
    """WRN-16-8 (Zagoruyko & Komodakis, 2016). Keywords as `wide_resnet28_10`."""

def wide_resnet16_10(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', depth=16, width=10, filters=16, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "wide_resnet16_10") -> keras.Model:
    """WRN-16-10 (Zagoruyko & Komodakis, 2016). Keywords as `wide_resnet28_10`."""

def wide_resnet40_4(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', depth=40, width=4, filters=16, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "wide_resnet40_4") -> keras.Model:
    """WRN-40-4 (Zagoruyko & Komodakis, 2016). Keywords as `wide_resnet28_10`."""

def wide_resnet40_8(*, input_shape=(32, 32, 3), classes=10, classifier_activation='softmax', depth=40, width=8, filters=16, dropout=0.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "wide_resnet40_8") -> keras.Model:
    """WRN-40-8 (Zagoruyko & Komodakis, 2016). Keywords as `wide_resnet28_10`."""

def wide_resnet50_2(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', shortcut='B', stride_on='3x3', blocks=(3, 4, 6, 3), filters=64, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "wide_resnet50_2") -> keras.Model:
    """WRN-50-2-bottleneck (Zagoruyko & Komodakis, 2016). Keywords as `resnet50`."""

def wide_resnet101_2(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', shortcut='B', stride_on='3x3', blocks=(3, 4, 23, 3), filters=64, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "wide_resnet101_2") -> keras.Model:
    """WRN-101-2-bottleneck, as in torchvision. Keywords as `resnet50`."""

def xception(*, input_shape=(299, 299, 3), classes=1000, include_top=True, classifier_activation='softmax', dropout=0.5, middle_blocks=8, width=1.0, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "xception") -> keras.Model:
    """Xception (Chollet, 2017)."""

def zfnet(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', filters=(96, 256, 384, 384, 256), units=4096, dropout=0.5, stddev=0.01, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "zfnet") -> keras.Model:
    """ZFNet (Zeiler & Fergus, 2014)."""

def zfnet_b(*, input_shape=(224, 224, 3), classes=1000, include_top=True, classifier_activation='softmax', filters=(96, 256, 512, 1024, 512), units=4096, dropout=0.5, stddev=0.01, weights: str | None = None, compile: bool = True, recipe: Mapping[str, Any] | None = None, name: str = "zfnet_b") -> keras.Model:
    """ZFNet, model (b): maps of layers 3, 4, 5 widened to 512, 1024, 512."""
