"""@title@ with NumPy, every step of it, as Headlight calculated it.

@made@

This file does it again with NumPy alone, from the same words and the same random numbers, which are PyTorch's,
and holds the two against each other. Run it:

    python @file@
"""

import math
import zlib

import numpy as np

@setup@
D_K = D_MODEL // NUM_HEADS


def multi_head_attention(
    x: np.ndarray,
#if cross
    memory: np.ndarray,
#end
#if masked
    visible: np.ndarray,
#end
    weights: dict[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """@title@ without biases (Vaswani et al., 2017, section 3.2).

    For each head, with d_k = d_model / num_heads:

        queries = x w_q    keys = @source@ w_k    values = @source@ w_v
        attention_weights = softmax(@formula@)
        attended_values = attention_weights values

    and output = concat(attended_values of all heads) w_o.

    Args:
        x: the tokens' vectors, [batch_size, seq_len, d_model].
#if cross
        memory: the vectors that keys and values are made of, [batch_size, memory_len, d_model].
#end
#if masked
        visible: True where a query may see a key, [batch_size, 1, seq_len, @key_len@].
#end
        weights: w_q, w_k, w_v and w_o, each [d_model, d_model] as [in, out].

    Returns:
        Every tensor on the way, by its name.
    """
    batch_size, seq_len, d_model = x.shape
#if cross
    memory_len = memory.shape[1]
#end

    # Three projections, cut into heads. [batch_size, num_heads, seq_len, d_k]
    queries = split_heads(x @ weights["w_q"])
    keys = split_heads(@source@ @ weights["w_k"])
    values = split_heads(@source@ @ weights["w_v"])
    assert queries.shape == (batch_size, NUM_HEADS, seq_len, D_K)
    assert keys.shape == values.shape == (batch_size, NUM_HEADS, @key_len@, D_K)
#if rotary

    # Where a token stands turns its query and its key. [batch_size, num_heads, seq_len, d_k]
    queries = rotate(queries)
    keys = rotate(keys)
#end

    # How well each key answers each query. [batch_size, num_heads, seq_len, @key_len@]
    scores = queries @ keys.swapaxes(-2, -1)
    assert scores.shape == (batch_size, NUM_HEADS, seq_len, @key_len@)

#if scaled
    # Scaled, so that the spread of the scores does not grow with d_k.
    scaled_scores = scores / np.float32(math.sqrt(D_K))
#else
    # Scaling was switched off.
    scaled_scores = scores
#end
#if temperature
    scaled_scores = scaled_scores / np.float32(TEMPERATURE)
#end
#if softcap
    # No score passes the softcap.
    scaled_scores = np.float32(SOFTCAP) * np.tanh(scaled_scores / np.float32(SOFTCAP))
#end

#if alibi
    # The farther apart query and key are, the lower the score.
    masked_scores = scaled_scores - distance_penalty(seq_len, @key_len@)
#end
#if masked
    # A key that may not be seen gets minus infinity, of which the softmax makes 0.
    masked_scores = np.where(visible, @unmasked@, np.float32(-np.inf))
#else
#if alibi
#else
    # Nothing is hidden.
    masked_scores = scaled_scores
#end
#end

    # Each row becomes shares that add up to 1. [batch_size, num_heads, seq_len, @key_len@]
    attention_weights = softmax(masked_scores)
    assert attention_weights.shape == (batch_size, NUM_HEADS, seq_len, @key_len@)

    # The values, mixed by those shares. [batch_size, num_heads, seq_len, d_k]
    attended_values = attention_weights @ values
    assert attended_values.shape == (batch_size, NUM_HEADS, seq_len, D_K)

    # The heads side by side, and brought together. [batch_size, seq_len, d_model]
#if heads_off
    # A head that is switched off counts as if it had found nothing.
    is_on = np.ones((NUM_HEADS, 1, 1), np.float32)
    is_on[HEADS_OFF] = 0.0
    concatenated_heads = (attended_values * is_on).swapaxes(1, 2).reshape(batch_size, seq_len, d_model)
#else
    concatenated_heads = attended_values.swapaxes(1, 2).reshape(batch_size, seq_len, d_model)
#end
    output = concatenated_heads @ weights["w_o"]
    assert output.shape == (batch_size, seq_len, d_model)

    return {
        "queries": queries,
        "keys": keys,
        "values": values,
        "scores": scores,
        "scaled_scores": scaled_scores,
        "masked_scores": masked_scores,
        "attention_weights": attention_weights,
        "attended_values": attended_values,
        "concatenated_heads": concatenated_heads,
        "output": output,
    }


def split_heads(projected: np.ndarray) -> np.ndarray:
    """[batch_size, seq_len, d_model] -> [batch_size, num_heads, seq_len, d_k]."""
    batch_size, seq_len, _ = projected.shape
    return projected.reshape(batch_size, seq_len, NUM_HEADS, D_K).swapaxes(1, 2)


def softmax(scores: np.ndarray) -> np.ndarray:
    """exp(score - max) / sum of exp(score - max), along the last axis."""
#if blind
    # A query that sees no key gives no attention: without these two, its row would be 0 / 0.
    largest = np.maximum(scores.max(axis=-1, keepdims=True), np.finfo(np.float32).min)
    exponentials = np.exp(scores - largest)
    sums = exponentials.sum(axis=-1, keepdims=True)
    return exponentials / np.where(sums == 0, np.float32(1), sums)
#else
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
#end
#if rotary


def rotate(heads: np.ndarray) -> np.ndarray:
    """Rotary positions (Su et al., 2021): turns each pair of columns 2c, 2c + 1 by p / 10000^(2c/d_k).

    [batch_size, num_heads, seq_len, d_k] -> the same
    """
    seq_len, d_k = heads.shape[-2:]
    pairs = d_k // 2
    angle = np.arange(seq_len)[:, None] / 10000.0 ** (2 * np.arange(pairs) / d_k)
    cos, sin = np.cos(angle), np.sin(angle)
    even, odd = heads[..., 0 : 2 * pairs : 2], heads[..., 1 : 2 * pairs : 2]
    turned = heads.copy()
    turned[..., 0 : 2 * pairs : 2] = even * cos - odd * sin
    turned[..., 1 : 2 * pairs : 2] = even * sin + odd * cos
    return turned
#end
#if alibi


def distance_penalty(seq_len: int, key_len: int) -> np.ndarray:
    """ALiBi (Press et al., 2022), in both directions: slope times distance. [num_heads, seq_len, key_len]

    The slopes are 2^(-8/n), 2^(-16/n), ... for the largest power of two n that is no more than num_heads; further
    heads take every other one of those for 2n.
    """
    n = 2 ** int(math.log2(NUM_HEADS))
    slopes = [2 ** (-8 * (head + 1) / n) for head in range(n)]
    slopes += [2 ** (-8 * (2 * head + 1) / (2 * n)) for head in range(NUM_HEADS - n)]
    distance = np.abs(np.arange(seq_len)[:, None] - np.arange(key_len))
    return np.float32(slopes)[:, None, None] * distance.astype(np.float32)
#end
#if masked


def visibility() -> np.ndarray:
    """Which query may see which key. [batch_size, 1, seq_len, @key_len@]"""
#if cross
    seq_len, memory_len = len(SENTENCES[0]), len(SECOND_SENTENCES[0])
#else
    seq_len = len(SENTENCES[0])
#end
    query = np.arange(seq_len)[:, None]
    key = np.arange(@key_len@)
    visible = np.ones((len(SENTENCES), 1, seq_len, @key_len@), bool)
#if right
    visible &= key <= query + LOOKS_AHEAD
#end
#if left
    visible &= key >= query - LOOKS_BACK
#end
#if painted
    for painted_query, painted_key, is_seen in PAINTED:
        visible[..., painted_query, painted_key] = is_seen
#end
#if padded
    # Padding is never seen.
    visible &= np.array([[word != PAD for word in sentence] for sentence in @sentences_of_keys@])[:, None, None]
#end
    return visible
#end


def embed(sentences: list[list[str]]) -> np.ndarray:
    """The vectors of some sentences of one length. [batch_size, seq_len, d_model]"""
    words = np.stack([[word_embedding(word) for word in sentence] for sentence in sentences])
#if sinusoidal
    return words + positional_encodings(words.shape[1])
#else
    return words
#end


def word_embedding(word: str) -> np.ndarray:
    """The vector of a word: random numbers that depend on the word and the seed alone. [d_model]"""
    word_id = zlib.crc32(word.lower().encode())
    return Generator(word_id + SEED).randn(D_MODEL)
#if sinusoidal


def positional_encodings(seq_len: int) -> np.ndarray:
    """sin(p / 10000^(2i/d_model)) in the even columns 2i, the cosine in the odd ones 2i + 1. [seq_len, d_model]"""
    angle = np.arange(seq_len)[:, None] * 10000.0 ** (-np.arange(0, D_MODEL, 2) / D_MODEL)
    encodings = np.empty((seq_len, D_MODEL), np.float32)
    encodings[:, 0::2] = np.sin(angle)
    encodings[:, 1::2] = np.cos(angle[:, : D_MODEL // 2])
    return encodings
#end


class Generator:
    """torch.Generator().manual_seed(seed): PyTorch's random numbers, a Mersenne Twister and its ways to draw from it."""

    def __init__(self, seed: int) -> None:
        self.twister = np.random.RandomState(seed % 2**32)

    def uniform(self, count: int) -> np.ndarray:
        """torch.rand(count): 24 bits each, from 0 up to 1."""
        bits = self.twister.randint(0, 2**32, count, np.uint32) % 2**24
        return (bits / 2**24).astype(np.float32)

    def randn(self, count: int) -> np.ndarray:
        """torch.randn(count), which draws fewer than 16 numbers in another way than 16 or more."""
        if count < 16:
            pairs = [self.normal_pair() for _ in range((count + 1) // 2)]
            return np.float32([number for pair in pairs for number in pair][:count])
        uniform = self.uniform(count)
        whole = count // 16 * 16
        normal = np.concatenate([self.normal(uniform[:whole].reshape(-1, 16)).ravel(), uniform[whole:]])
        if whole < count:  # the last 16 are drawn anew
            normal[-16:] = self.normal(self.uniform(16))
        return normal

    @staticmethod
    def normal(uniform: np.ndarray) -> np.ndarray:
        """Box and Muller's transform of blocks of 16 uniform numbers: number j with number j + 8."""
        radius = np.sqrt(-2 * np.log(1 - uniform[..., :8]))
        angle = np.float32(2 * math.pi) * uniform[..., 8:]
        return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)

    def normal_pair(self) -> tuple[float, float]:
        """The same of two numbers of 53 bits."""
        high_1, low_1, high_2, low_2 = (int(bits) for bits in self.twister.randint(0, 2**32, 4, np.uint32))
        angle = 2 * math.pi * ((high_1 << 32 | low_1) % 2**53 / 2**53)
        radius = math.sqrt(-2 * math.log1p(-((high_2 << 32 | low_2) % 2**53 / 2**53)))
        return radius * math.cos(angle), radius * math.sin(angle)

    def linear(self, d_in: int, d_out: int) -> np.ndarray:
        """The weight of torch.nn.Linear(d_in, d_out, bias=False), turned round: [in, out]."""
        uniform = 2 * self.uniform(d_out * d_in).reshape(d_out, d_in) - 1
        return (np.float32(1 / math.sqrt(d_in)) * uniform).T


def main() -> None:
    """Does it for the sentences of the page, shows the attention weights, and compares with the page."""
    generator = Generator(SEED)  # torch.manual_seed(SEED)
    weights = {name: generator.linear(D_MODEL, D_MODEL) for name in ("w_q", "w_k", "w_v", "w_o")}
#if masked
    visible = visibility()
#end
    steps = multi_head_attention(@call@, weights)

    print("Attention weights of sentence @item_from_1@, head @head_from_1@, from each word (down) to each (across):")
    words, seen = SENTENCES[SENTENCE], @sentences_of_keys@[SENTENCE]
    print(" " * 12 + "".join(f"{word[:7]:>8}" for word in seen[:16]))
    for word, row in zip(words[:16], steps["attention_weights"][SENTENCE, HEAD]):
        print(f"{word[:11]:>12}" + "".join(f"{share:8.3f}" for share in row[:16].tolist()))

    # Every row adds up to 1@unless_blind@.
    row_sums = steps["attention_weights"].sum(axis=-1)
#if blind
    np.testing.assert_allclose(row_sums, np.broadcast_to(visible.any(axis=-1), row_sums.shape), rtol=1e-5)
#else
    np.testing.assert_allclose(row_sums, 1, rtol=1e-5)
#end

    # The softmax raises e to the scores: the larger they are, the more their last bits count.
    atol = 1e-5 * max(1.0, float(np.abs(steps["scaled_scores"]).max()))
    for name, numbers in PAGE.items():
        of_page = np.array(numbers)
        of_sentence = steps[name][SENTENCE]
        of_head = of_sentence[HEAD] if of_sentence.ndim == 3 else of_sentence
        mine = of_head[: of_page.shape[0], : of_page.shape[1]]
        np.testing.assert_allclose(mine, of_page, rtol=1e-4, atol=atol, err_msg=name)
        print(f"{name} agrees with the page: {list(of_page.shape)} of {list(of_head.shape)} numbers")


# What the page shows of this sentence and head, both counted from 0: the upper left corner of each tensor.
SENTENCE = @item@
HEAD = @head@
#if masked
INF = math.inf
#end
PAGE = {
@page@
}


if __name__ == "__main__":
    main()
