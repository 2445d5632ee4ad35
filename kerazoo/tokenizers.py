"""Tokenizers: text to token ids and back, in plain Python, without a network.

A tokenizer belongs to a model as the vocabulary it was trained with: language models
keep theirs in `model.tokenizer`, and it is saved with them.
"""

import collections
import heapq
import json
import pathlib
import re
import unicodedata

import keras


class Tokenizer:
    """What all tokenizers have.

    Attributes:
        vocabulary_size: number of different ids.
        end_token: id of the token between two documents, or None.
    """

    vocabulary_size: int
    end_token = None

    def encode(self, text):
        """The ids of a text, a list of integers."""
        raise NotImplementedError

    def decode(self, ids):
        """The text of a list of ids."""
        raise NotImplementedError

    def get_config(self):
        """What the constructor takes."""
        return {}

    @classmethod
    def from_config(cls, config):
        """The tokenizer of a `get_config`."""
        return cls(**config)


@keras.saving.register_keras_serializable(package="kerazoo")
class ByteTokenizer(Tokenizer):
    """Every byte of the text in UTF-8 is a token."""

    vocabulary_size = 256

    def encode(self, text):
        return list(text.encode("utf-8"))

    def decode(self, ids):
        return bytes(ids).decode("utf-8", errors="replace")


@keras.saving.register_keras_serializable(package="kerazoo")
class CharacterTokenizer(Tokenizer):
    """Every character of a given alphabet is a token, numbered in its order.

    Args:
        characters: the alphabet, a string of different characters.

    Example:
        >>> CharacterTokenizer.of("hello").encode("hole")
        [1, 3, 2, 0]
    """

    def __init__(self, characters):
        self.characters = characters
        self.vocabulary_size = len(characters)
        self._ids = {character: index for index, character in enumerate(characters)}
        if len(self._ids) < len(characters):
            raise ValueError(
                f"`characters` must be different. Received: {characters!r}"
            )

    @classmethod
    def of(cls, text):
        """The tokenizer whose alphabet are the characters of a text, sorted."""
        return cls("".join(sorted(set(text))))

    def encode(self, text):
        try:
            return [self._ids[character] for character in text]
        except KeyError as error:
            raise ValueError(
                f"Character {error.args[0]!r} is not in the alphabet "
                f"{self.characters!r}."
            ) from None

    def decode(self, ids):
        return "".join(self.characters[index] for index in ids)

    def get_config(self):
        return {"characters": self.characters}


@keras.saving.register_keras_serializable(package="kerazoo")
class MarkedTokenizer(Tokenizer):
    """Another tokenizer with three more tokens: padding 0, start 1 and end 2.

    For networks that write a text from its start to its end. The ids of the other one
    follow, from 3 on; `decode` leaves the marks out.

    Args:
        tokenizer: the other one.

    Example:
        >>> tokenizer = MarkedTokenizer(CharacterTokenizer("abc"))
        >>> tokenizer.encode("cab"), tokenizer.decode([1, 5, 3, 4, 2, 0, 0])
        ([5, 3, 4], 'cab')
    """

    padding_token, start_token, end_token = range(3)

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.vocabulary_size = 3 + tokenizer.vocabulary_size

    def encode(self, text):
        return [3 + index for index in self.tokenizer.encode(text)]

    def decode(self, ids):
        return self.tokenizer.decode([index - 3 for index in ids if index > 2])

    def get_config(self):
        return {"tokenizer": keras.saving.serialize_keras_object(self.tokenizer)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["tokenizer"]))


@keras.saving.register_keras_serializable(package="kerazoo")
class WordTokenizer(Tokenizer):
    """Every word is a token, in lower case; punctuation is left out.

    Token 0 stands for all words that are not known.

    Args:
        words: the known words, numbered from 1 on in their order.

    Example:
        >>> tokenizer = WordTokenizer(["a", "cat", "sleeps"])
        >>> tokenizer.encode("A dog sleeps."), tokenizer.decode([1, 2, 3])
        ([1, 0, 3], 'a cat sleeps')
    """

    UNKNOWN = "<unknown>"
    _WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")

    def __init__(self, words):
        self.words = list(words)
        self.vocabulary_size = 1 + len(self.words)
        self._ids = {word: index for index, word in enumerate(self.words, start=1)}
        if len(self._ids) < len(self.words):
            raise ValueError(f"`words` must be different. Received: {self.words!r}")

    @classmethod
    def train(cls, texts, vocabulary_size):
        """The tokenizer of the most frequent words of texts.

        Args:
            texts: strings, any iterable.
            vocabulary_size: at most so many tokens.
        """
        counts = collections.Counter()
        for text in texts:
            counts.update(cls._WORD.findall(text.lower()))
        ordered = sorted(counts, key=lambda word: (-counts[word], word))
        return cls(ordered[: vocabulary_size - 1])

    def encode(self, text):
        return [self._ids.get(word, 0) for word in self._WORD.findall(text.lower())]

    def decode(self, ids):
        known = [self.UNKNOWN, *self.words]
        return " ".join(known[index] for index in ids)

    def get_config(self):
        return {"words": self.words}


class _Classes(dict):
    """Code point to the letter that stands for its class, for `str.translate`.

    L letter, N number, _ white space but the space, O other; space, apostrophe and the
    letters of English contractions stand for themselves.
    """

    def __missing__(self, code):
        character = chr(code)
        if character in " 'stremvld":
            letter = character
        elif unicodedata.category(character)[0] in "LN":
            letter = unicodedata.category(character)[0]
        else:
            # Unicode's white space; Python adds four control characters.
            is_space = character.isspace() and character not in "\x1c\x1d\x1e\x1f"
            letter = "_" if is_space else "O"
        self[code] = letter
        return letter


# The words of GPT-2, over classes: Python's own `re` does not know Unicode's.
_WORDS = re.compile(
    r"'(?:[stmd]|re|ve|ll)| ?[Lstremvld]+| ?N+| ?[O']+|[ _]+(?![^ _])|[ _]+"
)


def _words(text, classes):
    """The words of a text, one after another."""
    for match in _WORDS.finditer(text.translate(classes)):
        yield text[match.start() : match.end()]


def _merged(symbols, pair):
    """Symbols with every occurrence of a pair of neighbours made one symbol."""
    merged, index = [], 0
    while index < len(symbols):
        if tuple(symbols[index : index + 2]) == pair:
            merged.append("".join(pair))
            index += 2
        else:
            merged.append(symbols[index])
            index += 1
    return merged


def _byte_symbols():
    """A printable character for every byte: its own, or one from U+0100 on."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    symbols, spare = {}, 256
    for byte in range(256):
        if byte in printable:
            symbols[byte] = chr(byte)
        else:
            symbols[byte] = chr(spare)
            spare += 1
    return symbols


@keras.saving.register_keras_serializable(package="kerazoo")
class BytePairTokenizer(Tokenizer):
    """GPT-2's byte-level byte-pair encoding (Radford et al., 2019, section 2.2).

    A text is cut into words, a word into bytes, and pairs of neighbours are merged in
    the order in which training found them most frequent (Sennrich et al., 2016).

    Args:
        vocabulary: `{token: id}`, bytes written as printable characters.
        merges: list of `"left right"`, the first one first.
    """

    END = "<|endoftext|>"

    def __init__(self, vocabulary, merges):
        self.vocabulary, self.merges = dict(vocabulary), list(merges)
        self.vocabulary_size = max(self.vocabulary.values()) + 1
        self.end_token = self.vocabulary.get(self.END)
        self._tokens = {index: token for token, index in self.vocabulary.items()}
        pairs = [tuple(merge.split(" ")) for merge in self.merges]
        self._ranks = {pair: rank for rank, pair in enumerate(pairs)}
        self._symbols = _byte_symbols()
        self._bytes = {symbol: byte for byte, symbol in self._symbols.items()}
        self._classes = _Classes()
        self._known = {}  # ids by word

    @classmethod
    def from_directory(cls, path):
        """Reads `vocab.json` and `merges.txt` of a local Hugging Face folder.

        Raises:
            FileNotFoundError: the folder has no such files.
        """
        path = pathlib.Path(path)
        vocabulary = json.loads((path / "vocab.json").read_text(encoding="utf-8"))
        lines = (path / "merges.txt").read_text(encoding="utf-8").split("\n")
        merges = [line for line in lines if line and not line.startswith("#version")]
        return cls(vocabulary, merges)

    @classmethod
    def train(cls, texts, vocabulary_size):
        """Learns the merges from texts (Sennrich et al., 2016, section 3.2).

        The pair of neighbours that is most frequent becomes one symbol, again and
        again; of equally frequent pairs the one that comes first in the order of
        strings. There is no end token.

        Args:
            texts: strings to learn from, any iterable.
            vocabulary_size: at most so many tokens, the 256 bytes included; less where
                no neighbours are left.

        Raises:
            ValueError: `vocabulary_size` has no room for the bytes.
        """
        if vocabulary_size < 256:
            raise ValueError(
                "`vocabulary_size` must be at least 256, the number of bytes. "
                f"Received: {vocabulary_size}"
            )
        symbols, classes = _byte_symbols(), _Classes()
        counts = collections.Counter()
        for text in texts:
            counts.update(_words(text, classes))
        spelt = [[symbols[byte] for byte in word.encode("utf-8")] for word in counts]
        counts = list(counts.values())
        frequency, holders = collections.Counter(), collections.defaultdict(set)

        def count(index, sign):
            for pair in zip(spelt[index], spelt[index][1:], strict=False):
                frequency[pair] += sign * counts[index]
                holders[pair].add(index)

        for index in range(len(spelt)):
            count(index, 1)
        # A heap with old entries: one is valid where it has the pair's frequency.
        heap = [(-number, pair) for pair, number in frequency.items()]
        heapq.heapify(heap)
        vocabulary = {symbol: byte for byte, symbol in symbols.items()}
        merges = []
        while heap and len(vocabulary) < vocabulary_size:
            number, best = heapq.heappop(heap)
            if number == 0 or -number != frequency[best]:
                continue
            merges.append(" ".join(best))
            vocabulary.setdefault("".join(best), len(vocabulary))
            changed = set()
            for index in holders.pop(best):
                changed.update(zip(spelt[index], spelt[index][1:], strict=False))
                count(index, -1)
                spelt[index] = _merged(spelt[index], best)
                count(index, 1)
                changed.update(zip(spelt[index], spelt[index][1:], strict=False))
            for pair in changed:
                heapq.heappush(heap, (-frequency[pair], pair))
        return cls(vocabulary, merges)

    def encode(self, text):
        ids = []
        documents = [text] if self.end_token is None else text.split(self.END)
        for index, document in enumerate(documents):
            if index:
                ids.append(self.end_token)
            for word in _words(document, self._classes):
                if word not in self._known:
                    self._known[word] = self._encode_word(word)
                ids += self._known[word]
        return ids

    def _encode_word(self, word):
        symbols = [self._symbols[byte] for byte in word.encode("utf-8")]
        while len(symbols) > 1:
            pairs = zip(symbols, symbols[1:], strict=False)
            best = min(pairs, key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                break
            symbols = _merged(symbols, best)
        return [self.vocabulary[symbol] for symbol in symbols]

    def decode(self, ids):
        symbols = "".join(self._tokens[index] for index in ids)
        data = bytes(self._bytes[symbol] for symbol in symbols)
        return data.decode("utf-8", errors="replace")

    def get_config(self):
        return {"vocabulary": self.vocabulary, "merges": self.merges}


def check_size(tokenizer, model):
    """Raises ValueError where a model knows fewer tokens than its tokenizer has."""
    known = model.output_shape[-1]
    if tokenizer.vocabulary_size > known:
        raise ValueError(
            f"The tokenizer of {model.name!r} has {tokenizer.vocabulary_size} tokens, "
            f"but the model knows {known}. Build it with vocabulary_size="
            f"{tokenizer.vocabulary_size}."
        )
