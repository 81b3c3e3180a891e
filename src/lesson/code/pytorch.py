"""@title@ with PyTorch, every step of it, as Headlight calculated it.

@made@

This file does it again with torch alone, from the same words and the same random numbers, and holds the two
against each other. Run it:

    python @file@
"""

import math
import zlib

import torch
from torch import Tensor, nn

@setup@


class MultiHeadAttention(nn.Module):
    """@title@ without biases (Vaswani et al., 2017, section 3.2).

    For each head, with d_k = d_model / num_heads:

        queries = x W_q    keys = @source@ W_k    values = @source@ W_v
        attention_weights = softmax(@formula@)
        attended_values = attention_weights values

    and output = concat(attended_values of all heads) W_o.
    """

    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        assert d_model % num_heads == 0, f"{num_heads} heads cannot share {d_model} dimensions evenly"
        self.num_heads = num_heads
        self.d_k = d_model // num_heads
        # In this order, so that torch.manual_seed gives them the numbers of the page.
        self.w_q = nn.Linear(d_model, d_model, bias=False)
        self.w_k = nn.Linear(d_model, d_model, bias=False)
        self.w_v = nn.Linear(d_model, d_model, bias=False)
        self.w_o = nn.Linear(d_model, d_model, bias=False)

    def split_heads(self, projected: Tensor) -> Tensor:
        """[batch_size, seq_len, d_model] -> [batch_size, num_heads, seq_len, d_k]."""
        batch_size, seq_len, _ = projected.shape
        return projected.view(batch_size, seq_len, self.num_heads, self.d_k).transpose(1, 2)

    def forward(
        self,
        x: Tensor,
#if cross
        memory: Tensor,
#end
#if masked
        visible: Tensor,
#end
    ) -> dict[str, Tensor]:
        """Attends from every token of x to @attended@.

        Args:
            x: the tokens' vectors, [batch_size, seq_len, d_model].
#if cross
            memory: the vectors that keys and values are made of, [batch_size, memory_len, d_model].
#end
#if masked
            visible: True where a query may see a key, [batch_size, 1, seq_len, @key_len@].
#end

        Returns:
            Every tensor on the way, by its name.
        """
        batch_size, seq_len, d_model = x.shape
#if cross
        memory_len = memory.shape[1]
#end

        # Three projections, cut into heads. [batch_size, num_heads, seq_len, d_k]
        queries = self.split_heads(self.w_q(x))
        keys = self.split_heads(self.w_k(@source@))
        values = self.split_heads(self.w_v(@source@))
        assert queries.shape == (batch_size, self.num_heads, seq_len, self.d_k)
        assert keys.shape == values.shape == (batch_size, self.num_heads, @key_len@, self.d_k)
#if rotary

        # Where a token stands turns its query and its key. [batch_size, num_heads, seq_len, d_k]
        queries = rotate(queries)
        keys = rotate(keys)
#end

        # How well each key answers each query. [batch_size, num_heads, seq_len, @key_len@]
        scores = queries @ keys.transpose(-2, -1)
        assert scores.shape == (batch_size, self.num_heads, seq_len, @key_len@)

#if scaled
        # Scaled, so that the spread of the scores does not grow with d_k.
        scaled_scores = scores / math.sqrt(self.d_k)
#else
        # Scaling was switched off.
        scaled_scores = scores
#end
#if temperature
        scaled_scores = scaled_scores / TEMPERATURE
#end
#if softcap
        # No score passes the softcap.
        scaled_scores = SOFTCAP * torch.tanh(scaled_scores / SOFTCAP)
#end

#if alibi
        # The farther apart query and key are, the lower the score.
        masked_scores = scaled_scores - distance_penalty(self.num_heads, seq_len, @key_len@)
#end
#if masked
        # A key that may not be seen gets minus infinity, of which the softmax makes 0.
        masked_scores = @unmasked@.masked_fill(~visible, -math.inf)
#else
#if alibi
#else
        # Nothing is hidden.
        masked_scores = scaled_scores
#end
#end

        # Each row becomes shares that add up to 1. [batch_size, num_heads, seq_len, @key_len@]
        attention_weights = torch.nn.functional.softmax(masked_scores, dim=-1)
#if blind
        # A query that sees no key gives no attention, where the softmax gives NaN.
        attention_weights = attention_weights.masked_fill(~visible.any(dim=-1, keepdim=True), 0.0)
#end
        assert attention_weights.shape == (batch_size, self.num_heads, seq_len, @key_len@)

        # The values, mixed by those shares. [batch_size, num_heads, seq_len, d_k]
        attended_values = attention_weights @ values
        assert attended_values.shape == (batch_size, self.num_heads, seq_len, self.d_k)

        # The heads side by side, and brought together. [batch_size, seq_len, d_model]
#if heads_off
        # A head that is switched off counts as if it had found nothing.
        is_on = torch.ones(self.num_heads, 1, 1)
        is_on[HEADS_OFF] = 0.0
        concatenated_heads = (attended_values * is_on).transpose(1, 2).reshape(batch_size, seq_len, d_model)
#else
        concatenated_heads = attended_values.transpose(1, 2).reshape(batch_size, seq_len, d_model)
#end
        output = self.w_o(concatenated_heads)
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


def embed(sentences: list[list[str]]) -> Tensor:
    """The vectors of some sentences of one length. [batch_size, seq_len, d_model]"""
#if sinusoidal
    words = torch.stack([torch.stack([word_embedding(word) for word in sentence]) for sentence in sentences])
    return words + positional_encodings(words.shape[1])
#else
    return torch.stack([torch.stack([word_embedding(word) for word in sentence]) for sentence in sentences])
#end


def word_embedding(word: str) -> Tensor:
    """The vector of a word: random numbers that depend on the word and the seed alone. [d_model]"""
    word_id = zlib.crc32(word.lower().encode())
    generator = torch.Generator().manual_seed((word_id + SEED) % 2**32)
    return torch.randn(D_MODEL, generator=generator)
#if sinusoidal


def positional_encodings(seq_len: int) -> Tensor:
    """sin(p / 10000^(2i/d_model)) in the even columns 2i, the cosine in the odd ones 2i + 1. [seq_len, d_model]"""
    position = torch.arange(seq_len, dtype=torch.float64).unsqueeze(1)
    frequency = 10000.0 ** (-torch.arange(0, D_MODEL, 2, dtype=torch.float64) / D_MODEL)
    encodings = torch.empty(seq_len, D_MODEL, dtype=torch.float64)
    encodings[:, 0::2] = torch.sin(position * frequency)
    encodings[:, 1::2] = torch.cos(position * frequency[: D_MODEL // 2])
    return encodings.float()
#end
#if rotary


def rotate(heads: Tensor) -> Tensor:
    """Rotary positions (Su et al., 2021): turns each pair of columns 2c, 2c + 1 by p / 10000^(2c/d_k).

    [batch_size, num_heads, seq_len, d_k] -> the same
    """
    seq_len, d_k = heads.shape[-2:]
    pairs = d_k // 2
    position = torch.arange(seq_len, dtype=torch.float64).unsqueeze(1)
    angle = position / 10000.0 ** (2 * torch.arange(pairs, dtype=torch.float64) / d_k)
    cos, sin = torch.cos(angle), torch.sin(angle)
    even, odd = heads[..., 0 : 2 * pairs : 2].double(), heads[..., 1 : 2 * pairs : 2].double()
    turned = heads.clone()
    turned[..., 0 : 2 * pairs : 2] = (even * cos - odd * sin).float()
    turned[..., 1 : 2 * pairs : 2] = (even * sin + odd * cos).float()
    return turned
#end
#if alibi


def distance_penalty(num_heads: int, seq_len: int, key_len: int) -> Tensor:
    """ALiBi (Press et al., 2022), in both directions: slope times distance. [num_heads, seq_len, key_len]

    The slopes are 2^(-8/n), 2^(-16/n), ... for the largest power of two n that is no more than num_heads; further
    heads take every other one of those for 2n.
    """
    n = 2 ** int(math.log2(num_heads))
    slopes = [2 ** (-8 * (head + 1) / n) for head in range(n)]
    slopes += [2 ** (-8 * (2 * head + 1) / (2 * n)) for head in range(num_heads - n)]
    distance = (torch.arange(seq_len).unsqueeze(1) - torch.arange(key_len)).abs()
    return torch.tensor(slopes).view(num_heads, 1, 1) * distance
#end
#if masked


def visibility() -> Tensor:
    """Which query may see which key. [batch_size, 1, seq_len, @key_len@]"""
#if cross
    seq_len, memory_len = len(SENTENCES[0]), len(SECOND_SENTENCES[0])
#else
    seq_len = len(SENTENCES[0])
#end
    query = torch.arange(seq_len).unsqueeze(1)
    key = torch.arange(@key_len@)
    visible = torch.ones(len(SENTENCES), 1, seq_len, @key_len@, dtype=torch.bool)
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
    for sentence, row in zip(@sentences_of_keys@, visible):
        row &= torch.tensor([word != PAD for word in sentence])
#end
    return visible
#end


@torch.no_grad()
def main() -> None:
    """Does it for the sentences of the page, shows the attention weights, and compares with the page."""
    torch.manual_seed(SEED)
    attention = MultiHeadAttention(D_MODEL, NUM_HEADS)
#if masked
    visible = visibility()
#end
    steps = attention(@call@)

    print("Attention weights of sentence @item_from_1@, head @head_from_1@, from each word (down) to each (across):")
    words, seen = SENTENCES[SENTENCE], @sentences_of_keys@[SENTENCE]
    print(" " * 12 + "".join(f"{word[:7]:>8}" for word in seen[:16]))
    for word, row in zip(words[:16], steps["attention_weights"][SENTENCE, HEAD]):
        print(f"{word[:11]:>12}" + "".join(f"{share:8.3f}" for share in row[:16].tolist()))

    # Every row adds up to 1@unless_blind@.
    row_sums = steps["attention_weights"].sum(dim=-1)
#if blind
    torch.testing.assert_close(row_sums, visible.any(dim=-1).expand_as(row_sums).float())
#else
    torch.testing.assert_close(row_sums, torch.ones_like(row_sums))
#end

    # The softmax raises e to the scores: the larger they are, the more their last bits count.
    atol = 1e-5 * max(1.0, steps["scaled_scores"].abs().max().item())
    for name, numbers in PAGE.items():
        of_page = torch.tensor(numbers)
        of_sentence = steps[name][SENTENCE]
        of_head = of_sentence[HEAD] if of_sentence.dim() == 3 else of_sentence
        mine = of_head[: of_page.shape[0], : of_page.shape[1]]
        torch.testing.assert_close(mine, of_page, rtol=1e-4, atol=atol, msg=lambda text: f"{name}: {text}")
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
