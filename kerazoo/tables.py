"""The lectures' tables as data: results on ImageNet and CIFAR-10, and data sets.

Rows are frozen dataclasses in the order of the slide; `builder` names the architecture
of this zoo that a row is about, None where there is none. Imports no framework.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Result:
    """Published error rates of one method, in per cent.

    Attributes:
        method: as the table calls it.
        builder: architecture of this zoo, or None.
        top1: error of the most probable class.
        top5: error of the five most probable classes.
        note: where and how it was measured, if not as the rest of its table.
    """

    method: str
    builder: str | None = None
    top1: float | None = None
    top5: float | None = None
    note: str = ""


# He et al. 2016, Table 4 (lecture 004): error of single models on the ImageNet
# validation set, each by its authors' own multi-crop or multi-scale protocol.
ILSVRC_SINGLE_MODEL = (
    Result("VGG (ILSVRC'14)", None, None, 8.43, "on the test set"),
    Result("GoogLeNet (ILSVRC'14)", "googlenet", None, 7.89),
    Result("VGG (v5)", "vgg19", 24.4, 7.1),
    Result("PReLU-net", "prelu_net_c", 21.59, 5.71),
    Result("BN-inception", "bn_inception", 21.99, 5.81),
    Result("ResNet-34 B", "resnet34", 21.84, 5.71, "variant B"),
    Result("ResNet-34 C", "resnet34", 21.53, 5.60, "variant C"),
    Result("ResNet-50", "resnet50", 20.74, 5.25),
    Result("ResNet-101", "resnet101", 19.87, 4.60),
    Result("ResNet-152", "resnet152", 19.38, 4.49),
)

# He et al. 2016, Table 5 (lecture 004): top-5 error of ensembles on the ImageNet test
# server.
ILSVRC_ENSEMBLES = (
    Result("VGG (ILSVRC'14)", "vgg19", None, 7.32),
    Result("GoogLeNet (ILSVRC'14)", "googlenet", None, 6.66),
    Result("VGG (v5)", "vgg19", None, 6.8),
    Result("PReLU-net", "prelu_net_c", None, 4.94),
    Result("BN-inception", "bn_inception", None, 4.82),
    Result("ResNet (ILSVRC'15)", "resnet152", None, 3.57, "six models"),
)

# Test errors on CIFAR-10 (lecture 004), from the papers themselves.
CIFAR10 = (
    Result("cuda-convnet (Krizhevsky, 2012)", "cuda_convnet", 11.0, note="with LRN"),
    Result("MCDNN (Ciresan, 2012)", "mcdnn_cifar10", 11.21, note="8 columns"),
    Result("NIN (Lin, 2014)", "nin_cifar10", 8.81),
    Result("Fractional max-pooling (Graham, 2015)", None, 3.47, note="100 tests"),
    Result("ResNet-110 (He, 2016)", "resnet110", 6.43, note="best of 5 runs"),
    Result("Pre-activation ResNet-1001 (He, 2016)", "resnet1001_v2", 4.62),
    Result("WRN-28-10 (Zagoruyko, 2016)", "wide_resnet28_10", 4.00),
    Result("DenseNet-BC-190-40 (Huang, 2017)", "densenet_bc190_k40", 3.46),
    Result("AmoebaNet (Real, 2018)", None, 2.13),
)


@dataclasses.dataclass(frozen=True)
class Canziani:
    """One disc of the figure of Canziani, Culurciello & Paszke (2016).

    Attributes:
        network: as the figure calls it.
        builder: architecture of this zoo that stands for it; None where the network's
            layers were never published.
        config: keywords of the builder that make it the figure's network.
        gops: operations of one forward pass in 10^9, 2 x multiply-accumulates, read
            from the figure.
        top1: accuracy of one centre crop on the ImageNet validation set, in per cent.
        note: which checkpoint it is, and how the figure's count differs from ours.
    """

    network: str
    builder: str | None
    config: dict
    gops: float
    top1: float
    note: str = ""


# The ResNets are those of fb.resnet.torch, whose bottlenecks stride in the 3x3.
CANZIANI_2016 = (
    Canziani("AlexNet", "alexnet", {"groups": 1}, 2.25, 54.6, "without groups"),
    Canziani("BN-AlexNet", "bn_alexnet", {}, 1.29, 56.6, "convolutions only: 1.31"),
    Canziani("BN-NIN", "bn_nin", {}, 2.51, 62.6),
    Canziani("ENet", None, {}, 1.57, 68.4, "layers never published; as in the figure"),
    Canziani("GoogLeNet", "googlenet_bn", {"aux_heads": False}, 2.99, 68.7, "with BN"),
    Canziani("ResNet-18", "resnet18", {}, 3.62, 69.5),
    Canziani("VGG-16", "vgg16", {}, 30.97, 70.6),
    Canziani("VGG-19", "vgg19", {}, 39.29, 70.7),
    Canziani("ResNet-34", "resnet34", {}, 7.33, 73.2),
    Canziani("ResNet-50", "resnet50", {"stride_on": "3x3"}, 8.21, 76.0),
    Canziani("ResNet-101", "resnet101", {"stride_on": "3x3"}, 15.65, 77.5),
    Canziani("ResNet-152", "resnet152", {"stride_on": "3x3"}, 23.10, 77.8),
    Canziani("Inception-v3", "inception_v3", {}, 11.44, 78.5),
    Canziani(
        "Inception-v4", "inception_v4", {}, 18.44, 80.1, "figure: a smaller input"
    ),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Dataset:
    """A data set of the lectures' tables, or a relative that stands in for one.

    Attributes:
        name: as the slide calls it.
        year: as on the slide.
        task: what its labels are for.
        images: number of samples, as on the slide.
        resolution: pixels, as on the slide.
        classes: number of classes, as on the slide.
        size: on disk, as on the slide, else the size of the download.
        tfds: name in TensorFlow Datasets, what `kerazoo.fit(model, name)` takes; None
            where TFDS has no builder.
        manual: whether TFDS asks for files that its user must fetch by hand.
        splits: examples in each split of TFDS.
        lectures: decks with a table that has it; empty for relatives.
        notes: what to know before using it.
    """

    name: str
    year: int | None = None
    task: str
    images: str = ""
    resolution: str = ""
    classes: str = ""
    size: str = ""
    tfds: str | None = None
    manual: bool = False
    splits: str = ""
    lectures: tuple = ()
    notes: str = ""


DATASETS = (
    Dataset(
        name="MNIST",
        year=1998,
        task="classification",
        images="60K",
        resolution="28x28",
        classes="10",
        size="12 MB",
        tfds="mnist",
        splits="train 60,000, test 10,000",
        lectures=("003", "004"),
        notes="grey digits; mean 33.3 and deviation 78.6 on the 0..255 scale",
    ),
    Dataset(
        name="NORB",
        year=2004,
        task="classification",
        images="48K",
        resolution="96x96",
        classes="5",
        size="251 MB",
        tfds="smallnorb",
        splits="train 24,300, test 24,300",
        lectures=("004",),
        notes="stereo pairs of toys; the jittered-cluttered set of the MCDNN paper is "
        "not in TFDS",
    ),
    Dataset(
        name="Caltech 101",
        year=2003,
        task="classification",
        images="9.1K",
        resolution="~300x200",
        classes="101",
        size="130 MB",
        tfds="caltech101",
        splits="train 3,059, test 6,085",
        lectures=("003", "004"),
        notes="TFDS counts 102 labels, background clutter included",
    ),
    Dataset(
        name="Caltech 256",
        year=2007,
        task="classification",
        images="30K",
        resolution="~640x480",
        classes="256",
        size="1.2 GB",
        lectures=("003", "004"),
        notes="folders of images: keras.utils.image_dataset_from_directory reads them",
    ),
    Dataset(
        name="LFW",
        year=2007,
        task="face verification",
        images="13K",
        resolution="250x250",
        size="172 MB",
        tfds="lfw",
        splits="train 13,233",
        lectures=("004",),
        notes="5,749 people; the official pairs for verification are not in TFDS",
    ),
    Dataset(
        name="CIFAR-10",
        year=2009,
        task="classification",
        images="60K",
        resolution="32x32",
        classes="10",
        size="160 MB",
        tfds="cifar10",
        splits="train 50,000, test 10,000",
        lectures=("003", "004"),
        notes="its siblings in TFDS: cifar100, cifar10_1, cifar10_corrupted",
    ),
    Dataset(
        name="PASCAL VOC",
        year=2012,
        task="detection",
        images="21K",
        resolution="~500x400",
        classes="20",
        size="3.6 GB",
        tfds="voc/2012",
        splits="train 5,717, validation 5,823, test 10,991 (no annotations)",
        lectures=("004",),
        notes="voc/2007 has annotated test images; no segmentation masks in TFDS",
    ),
    Dataset(
        name="MS-COCO",
        year=2015,
        task="detection, captions",
        images="200K",
        resolution="~640x480",
        classes="91",
        size="32 GB",
        tfds="coco/2017",
        splits="train 118,287, validation 5,000, test 40,670",
        lectures=("003", "004"),
        notes="80 of the 91 classes are used; captions are in coco_captions; neither "
        "instance masks nor keypoints in TFDS",
    ),
    Dataset(
        name="ImageNet ILSVRC",
        year=2012,
        task="classification",
        images="1.2M",
        resolution="~500x400",
        classes="1000",
        size="150 GB",
        tfds="imagenet2012",
        manual=True,
        splits="train 1,281,167, validation 50,000, test 100,000 (no labels)",
        lectures=("003", "004"),
        notes="registration; put ILSVRC2012_img_train.tar and ILSVRC2012_img_val.tar "
        "into downloads/manual; free stand-ins: imagenette, imagenet_resized/64x64",
    ),
    Dataset(
        name="ImageNet (all)",
        year=2016,
        task="classification",
        images="14.2M",
        resolution="~500x400",
        classes="21,841",
        lectures=("004",),
        notes="the full hierarchy is not in TFDS",
    ),
    Dataset(
        name="Cityscapes",
        year=2016,
        task="segmentation",
        images="25K",
        resolution="2000x1000",
        classes="30",
        size="60 GB",
        tfds="cityscapes",
        manual=True,
        splits="train 2,975, validation 500, test 1,525",
        lectures=("003", "004"),
        notes="registration; TFDS gives raw label ids 0..33, of which 19 are used",
    ),
    Dataset(
        name="LAION-5B",
        year=2022,
        task="image and text",
        images="5.85B",
        size="240 TB",
        tfds="laion400m",
        manual=True,
        lectures=("003",),
        notes="TFDS has the 400M subset; withdrawn by its owners and re-released "
        "without unsafe content as Re-LAION",
    ),
    Dataset(
        name="SST2",
        year=2013,
        task="sentiment",
        classes="2",
        size="20 MB",
        tfds="glue/sst2",
        splits="train 67,349, validation 872, test 1,821 (no labels)",
        lectures=("003",),
        notes="evaluate on the validation split",
    ),
    Dataset(
        name="WMT-18",
        year=2018,
        task="translation",
        size="7 GB",
        tfds="wmt18_translate",
        lectures=("003",),
        notes="a language pair per config, e.g. wmt18_translate/de-en; cs-en and zh-en "
        "ask for files by hand",
    ),
    Dataset(
        name="OSCAR",
        year=2020,
        task="language modelling",
        size="6 TB",
        lectures=("003",),
        notes="nearest in TFDS: lm1b, wiki40b/en; tiny_shakespeare for a first try",
    ),
    Dataset(
        name="Alpha digits",
        task="classification",
        images="1.4K",
        resolution="20x16",
        classes="36",
        tfds="binary_alpha_digits",
        splits="train 1,404",
        notes="binary letters and digits, nearest to the perceptron's 20x20 retina",
    ),
    Dataset(
        name="Fashion-MNIST",
        year=2017,
        task="classification",
        images="70K",
        resolution="28x28",
        classes="10",
        size="29 MB",
        tfds="fashion_mnist",
        splits="train 60,000, test 10,000",
        notes="ten kinds of clothes in MNIST's format",
    ),
    Dataset(
        name="SVHN",
        year=2011,
        task="classification",
        images="99K",
        resolution="32x32",
        classes="10",
        tfds="svhn_cropped",
        splits="train 73,257, test 26,032, extra 531,131",
        notes="house numbers; in the papers of NIN, DenseNet and Wide ResNet",
    ),
    Dataset(
        name="PatchCamelyon",
        year=2018,
        task="histology",
        images="328K",
        resolution="96x96",
        classes="2",
        tfds="patch_camelyon",
        splits="train 262,144, validation 32,768, test 32,768",
        notes="public stand-in for the mitosis images of Ciresan et al. (2013)",
    ),
)
