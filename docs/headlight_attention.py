"""Multi-head self-attention with PyTorch, every step of it, as Headlight calculated it.

The page calculated it on the CPU, by Headlight 0.1.0.

This file does it again with torch alone, from the same words and the same random numbers, and holds the two
against each other. Run it:

    python headlight_attention.py
"""

import math
import zlib

import torch
from torch import Tensor, nn

# What the page was set up with.
SENTENCES = [
    ["The", "cat", "sat", "on", "the", "mat"],
]
D_MODEL = 64
NUM_HEADS = 4
SEED = 42
LOOKS_AHEAD = 0


class MultiHeadAttention(nn.Module):
    """Multi-head self-attention without biases (Vaswani et al., 2017, section 3.2).

    For each head, with d_k = d_model / num_heads:

        queries = x W_q    keys = x W_k    values = x W_v
        attention_weights = softmax(queries keys^T / sqrt(d_k) + mask)
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
        visible: Tensor,
    ) -> dict[str, Tensor]:
        """Attends from every token of x to those tokens of x that it may see.

        Args:
            x: the tokens' vectors, [batch_size, seq_len, d_model].
            visible: True where a query may see a key, [batch_size, 1, seq_len, seq_len].

        Returns:
            Every tensor on the way, by its name.
        """
        batch_size, seq_len, d_model = x.shape

        # Three projections, cut into heads. [batch_size, num_heads, seq_len, d_k]
        queries = self.split_heads(self.w_q(x))
        keys = self.split_heads(self.w_k(x))
        values = self.split_heads(self.w_v(x))
        assert queries.shape == (batch_size, self.num_heads, seq_len, self.d_k)
        assert keys.shape == values.shape == (batch_size, self.num_heads, seq_len, self.d_k)

        # How well each key answers each query. [batch_size, num_heads, seq_len, seq_len]
        scores = queries @ keys.transpose(-2, -1)
        assert scores.shape == (batch_size, self.num_heads, seq_len, seq_len)

        # Scaled, so that the spread of the scores does not grow with d_k.
        scaled_scores = scores / math.sqrt(self.d_k)

        # A key that may not be seen gets minus infinity, of which the softmax makes 0.
        masked_scores = scaled_scores.masked_fill(~visible, -math.inf)

        # Each row becomes shares that add up to 1. [batch_size, num_heads, seq_len, seq_len]
        attention_weights = torch.nn.functional.softmax(masked_scores, dim=-1)
        assert attention_weights.shape == (batch_size, self.num_heads, seq_len, seq_len)

        # The values, mixed by those shares. [batch_size, num_heads, seq_len, d_k]
        attended_values = attention_weights @ values
        assert attended_values.shape == (batch_size, self.num_heads, seq_len, self.d_k)

        # The heads side by side, and brought together. [batch_size, seq_len, d_model]
        concatenated_heads = attended_values.transpose(1, 2).reshape(batch_size, seq_len, d_model)
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
    words = torch.stack([torch.stack([word_embedding(word) for word in sentence]) for sentence in sentences])
    return words + positional_encodings(words.shape[1])


def word_embedding(word: str) -> Tensor:
    """The vector of a word: random numbers that depend on the word and the seed alone. [d_model]"""
    word_id = zlib.crc32(word.lower().encode())
    generator = torch.Generator().manual_seed((word_id + SEED) % 2**32)
    return torch.randn(D_MODEL, generator=generator)


def positional_encodings(seq_len: int) -> Tensor:
    """sin(p / 10000^(2i/d_model)) in the even columns 2i, the cosine in the odd ones 2i + 1. [seq_len, d_model]"""
    position = torch.arange(seq_len, dtype=torch.float64).unsqueeze(1)
    frequency = 10000.0 ** (-torch.arange(0, D_MODEL, 2, dtype=torch.float64) / D_MODEL)
    encodings = torch.empty(seq_len, D_MODEL, dtype=torch.float64)
    encodings[:, 0::2] = torch.sin(position * frequency)
    encodings[:, 1::2] = torch.cos(position * frequency[: D_MODEL // 2])
    return encodings.float()


def visibility() -> Tensor:
    """Which query may see which key. [batch_size, 1, seq_len, seq_len]"""
    seq_len = len(SENTENCES[0])
    query = torch.arange(seq_len).unsqueeze(1)
    key = torch.arange(seq_len)
    visible = torch.ones(len(SENTENCES), 1, seq_len, seq_len, dtype=torch.bool)
    visible &= key <= query + LOOKS_AHEAD
    return visible


@torch.no_grad()
def main() -> None:
    """Does it for the sentences of the page, shows the attention weights, and compares with the page."""
    torch.manual_seed(SEED)
    attention = MultiHeadAttention(D_MODEL, NUM_HEADS)
    visible = visibility()
    steps = attention(embed(SENTENCES), visible)

    print("Attention weights of sentence 1, head 1, from each word (down) to each (across):")
    words, seen = SENTENCES[SENTENCE], SENTENCES[SENTENCE]
    print(" " * 12 + "".join(f"{word[:7]:>8}" for word in seen[:16]))
    for word, row in zip(words[:16], steps["attention_weights"][SENTENCE, HEAD]):
        print(f"{word[:11]:>12}" + "".join(f"{share:8.3f}" for share in row[:16].tolist()))

    # Every row adds up to 1.
    row_sums = steps["attention_weights"].sum(dim=-1)
    torch.testing.assert_close(row_sums, torch.ones_like(row_sums))

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
SENTENCE = 0
HEAD = 0
INF = math.inf
PAGE = {
    "queries": [
        [0.26310697, -1.9261178, -0.5731742, 0.9336038, -0.78994924, 0.2912736, -0.03705807, 0.4140988],
        [0.3871811, -1.7503259, -0.9163044, 0.015571654, -0.4355237, -1.849179, -0.7691835, 1.1393828],
        [-0.5979165, -1.6127357, -0.89026284, -0.03432159, -0.6383896, 0.013747409, 0.15700567, 0.05287862],
        [-0.47921777, -1.1559623, -1.1057299, -0.14572285, -0.19478248, -0.30647057, 0.4270644, -0.17681281],
        [-0.08867249, -1.5240499, -0.67232406, 0.7012651, -0.3844844, 0.39214858, 0.001073405, 0.619298],
        [-0.34269565, -1.9903697, -0.10979594, -0.94015086, -0.07162638, -0.08543868, -0.44559285, -0.24267372],
    ],
    "keys": [
        [-0.5829029, -0.29989013, 0.57919073, 0.10996455, 0.49450564, 0.012137043, 0.41927147, -0.64319843],
        [0.445477, 0.19499712, -0.31210232, 0.30392438, -1.1344211, 0.9778339, -0.3261844, 0.094476394],
        [-1.3571031, -0.7122184, 0.79548556, -0.72581184, -0.45735258, -1.6511372, -0.19117834, -0.73699087],
        [-0.4169893, -0.27401367, 0.10851177, 1.2254344, -0.5037019, -1.1427463, 0.21205848, -0.77609915],
        [-1.1997145, -0.11151527, 1.3410878, -0.07662227, 0.43582, -0.05782389, 0.37304503, -0.5454675],
        [-0.06762637, 0.7305778, 0.4254884, 0.7646769, -1.0234572, -0.52109104, 0.099783346, -0.81394637],
    ],
    "values": [
        [0.6486929, -0.06498812, 1.2890171, 0.50997555, 0.23199134, -1.1176813, 0.71541345, 1.0802095],
        [-0.3626029, 1.303469, -0.65500486, -0.23566705, -0.07960227, -0.66819006, 0.17137368, -0.025067955],
        [-0.4662181, -0.6620998, -0.53509986, -0.36408973, -0.9070154, -0.47984937, 0.94937325, -0.5341378],
        [-0.37242073, 0.5771012, 0.84767973, 0.24888963, -0.46592146, -1.0292623, 0.17360362, -0.36149666],
        [0.6463907, -0.4821904, 1.0052352, 0.3144317, 0.27594054, -1.030828, 0.69671726, 0.91348386],
        [-0.47572124, 1.0467825, -0.31913242, -0.8367635, 0.28651553, 0.8198353, -0.54611635, 0.09411626],
    ],
    "scores": [
        [-4.9558897, -0.8716011, -3.6505578, -0.6585271, -5.1064334, -4.9710393],
        [-2.4592104, -1.6036855, 2.4935355, 0.88695264, -3.1414537, -1.3271693],
        [1.3300163, 0.74174815, 4.190997, 1.1956799, 1.0006099, -1.3155679],
        [0.51379174, -0.9437455, 2.4924924, 1.9006402, 0.34696537, -1.4339784],
        [-4.1815376, -1.5107582, -2.6469157, -0.83313954, -3.7737386, -4.9163275],
        [-0.908848, -1.4507444, 3.2250342, -0.97423035, -0.43445832, -2.0216591],
    ],
    "scaled_scores": [
        [-1.2389724, -0.21790028, -0.91263944, -0.16463177, -1.2766083, -1.2427598],
        [-0.6148026, -0.40092137, 0.6233839, 0.22173816, -0.78536344, -0.33179232],
        [0.33250406, 0.18543704, 1.0477493, 0.29891998, 0.25015247, -0.32889196],
        [0.12844793, -0.23593637, 0.6231231, 0.47516006, 0.08674134, -0.3584946],
        [-1.0453844, -0.37768954, -0.6617289, -0.20828488, -0.94343466, -1.2290819],
        [-0.227212, -0.3626861, 0.80625856, -0.24355759, -0.10861458, -0.5054148],
    ],
    "masked_scores": [
        [-1.2389724, -INF, -INF, -INF, -INF, -INF],
        [-0.6148026, -0.40092137, -INF, -INF, -INF, -INF],
        [0.33250406, 0.18543704, 1.0477493, -INF, -INF, -INF],
        [0.12844793, -0.23593637, 0.6231231, 0.47516006, -INF, -INF],
        [-1.0453844, -0.37768954, -0.6617289, -0.20828488, -0.94343466, -INF],
        [-0.227212, -0.3626861, 0.80625856, -0.24355759, -0.10861458, -0.5054148],
    ],
    "attention_weights": [
        [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.44673255, 0.55326736, 0.0, 0.0, 0.0, 0.0],
        [0.2558903, 0.22089377, 0.5232159, 0.0, 0.0, 0.0],
        [0.21057066, 0.14626749, 0.34532863, 0.29783317, 0.0, 0.0],
        [0.1276428, 0.24886997, 0.18733364, 0.29481122, 0.14134242, 0.0],
        [0.13243362, 0.11565451, 0.37224492, 0.13028651, 0.1491092, 0.10027121],
    ],
    "attended_values": [
        [0.6486929, -0.06498812, 1.2890171, 0.50997555, 0.23199134, -1.1176813, 0.71541345, 1.0802095],
        [0.089175895, 0.69213456, 0.21345308, 0.09743579, 0.059596743, -0.8689923, 0.41441393, 0.46869546],
        [-0.15803522, -0.07512277, -0.094812274, -0.11205712, -0.43278417, -0.6846676, 0.71764994, -0.008591592],
        [-0.18835902, 0.12020841, 0.24330512, 0.021312445, -0.41477793, -0.8053396, 0.55526215, -0.06832496],
        [-0.113209724, 0.2940474, 0.29326838, 0.05605598, -0.25846988, -0.8479861, 0.4614727, 0.054121085],
        [-0.12941498, 0.003933795, 0.12409799, -0.09984027, -0.30694354, -0.60951835, 0.5397097, 0.039874606],
    ],
    "concatenated_heads": [
        [0.6486929, -0.06498812, 1.2890171, 0.50997555, 0.23199134, -1.1176813, 0.71541345, 1.0802095],
        [0.089175895, 0.69213456, 0.21345308, 0.09743579, 0.059596743, -0.8689923, 0.41441393, 0.46869546],
        [-0.15803522, -0.07512277, -0.094812274, -0.11205712, -0.43278417, -0.6846676, 0.71764994, -0.008591592],
        [-0.18835902, 0.12020841, 0.24330512, 0.021312445, -0.41477793, -0.8053396, 0.55526215, -0.06832496],
        [-0.113209724, 0.2940474, 0.29326838, 0.05605598, -0.25846988, -0.8479861, 0.4614727, 0.054121085],
        [-0.12941498, 0.003933795, 0.12409799, -0.09984027, -0.30694354, -0.60951835, 0.5397097, 0.039874606],
    ],
    "output": [
        [-0.09623154, 0.12634681, -0.45324248, -0.26474282, 0.042369578, 0.3020257, 0.008260041, 0.26345107],
        [0.054024022, 0.022342723, -0.31463006, -0.07690176, 0.11875373, 0.28092167, 0.09165898, -0.014517602],
        [0.32926798, 0.069998994, -0.30013016, 0.043220162, -0.27316338, 0.34373197, 0.20734832, 0.041497592],
        [0.2061107, 0.1670705, -0.23788793, 0.13310823, -0.1299288, -0.04125637, 0.003847048, -0.068209946],
        [0.17889538, 0.17291696, -0.23794091, -0.105149895, -0.10692052, -0.006822478, 0.0511178, -0.05715049],
        [0.16523145, 0.2101904, -0.11163207, 0.021944307, -0.1836757, -0.03711574, -0.03186005, 0.0567269],
    ],
}


if __name__ == "__main__":
    main()
