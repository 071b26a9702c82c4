"""What authors call the axes of a tensor: the words, and what an identifier says by itself.

A word is listed only where it means one thing in code around recurrent layers. Letters that mean several
things (`N`, `L`, `S`, `C`, `H`, `D`) are not decided here: `axis_roles` decides them by the axes beside them.
"""

from __future__ import annotations

import re
from functools import lru_cache

from shapelint.regex import regex
from shapelint.shapes.axis import Role

_BATCH = """
b bs bsz bsize bz nb batch batches batchsize batch_sz nbatch nbatches minibatch mini_batch
minibatch_size mini_batch_size n_batch n_batches num_batch batch_dim utt
"""

_TIME = """
t seq seqlen seq_length length max_length max_len maxlen sequence seq_size slen tlen sent_len
sentence_len sentence_length text_len text_length utt_len time timestep timesteps time_step time_steps
time_dim nsteps n_steps num_steps step steps n_timesteps num_timesteps num_time_steps n_time_steps
max_steps max_time tmax frame frames nframes n_frame n_frames num_frames lookback look_back n_time
src_seq_len max_timesteps window_len max_seq
"""

_FEATURE = """
d_model dmodel features feature feats feat nfeatures n_features num_features n_feats in_features
out_features num_hiddens num_hidden n_hidden n_hid nhid hidden hiddens hid hsz hdim odim idim edim emb
embed embedding embeddings emsize emb_sz n_embd n_embed n_mels num_mels n_mel mel_bins n_mel_channels
num_units n_units units ninp n_input n_inputs num_inputs n_out embeds n_class n_classes num_class
num_classes nclass nclasses vocab_size num_labels n_labels
"""

_LAYERS = "layers layer nlayers nlayer number_of_layers rnn_layers"

_DIRECTIONS = "directions direction ndirections n_directions num_directions n_dirs num_dirs n_dir num_dir"

#: the words before `_dim` and `_size` that make the name a feature axis
_WIDTHS = """
hidden hid h hiddens emb embed embedding embeddings input in inp output out feature features feat feats
model rnn lstm gru cell state enc dec encoder decoder word char token context ctx attn att attention
latent z hidden_state mel units proj projection
"""

#: words of the width that a layer has inside, and of the width of what it is given
_INNER = frozenset("hidden hiddens hid nhid hsz hdim units nunits rnn lstm gru cell state".split())
_OUTER = frozenset(
    "input inputs in inp ninp idim feature features feat feats nfeatures emb embed embedding embeddings edim emsize"
    " char word token vocab".split()
)

#: the parts of a name that say that it is a number of something
_COUNTING = frozenset("n num nb no number of size count dim".split())

_ROLES: dict[str, Role] = {
    **dict.fromkeys(_BATCH.split(), Role.BATCH),
    **dict.fromkeys(_TIME.split(), Role.TIME),
    **dict.fromkeys(_FEATURE.split(), Role.FEATURE),
    **dict.fromkeys(_LAYERS.split(), Role.LAYERS),
}
_DIRECTION_NAMES = frozenset(_DIRECTIONS.split())
_WIDTH_WORDS = frozenset(_WIDTHS.split())

_BATCH_SIZE = regex(r"(?:[a-z0-9_]+_)?(?:mini_?)?batch_?(?:size|sz)(?:_[a-z0-9]+)?")
_SEQUENCE = regex(
    r"(?:[a-z0-9]+_)*(?:seq|sequence|src|source|tgt|trg|target|sent|sentence|text|input|output|audio|mel|time|enc|dec"
    r"|encoder|decoder|token|history|prediction|window|utt|frame|subseq|chunk)_(?:len|length)(?:_[a-z0-9]+)?"
)
_COUNTED_LAYERS = regex(r"(?:n|num)_(?:[a-z]+_)?layers")
_COUNTED_STEPS = regex(r"(?:n|num)_(?:[a-z]+_)?(?:steps|timesteps)")
_SUBSCRIPTED_TIME = regex(r"t_?(?:x|y|in|out|max|enc|dec|src|tgt|text|audio|mel|[0-9])")
_SUBSCRIPTED_BATCH = regex(r"b_|b[0-9]")
_WIDTH = regex(r"(?:[a-z0-9]+_)*(?P<word>[a-z]+)_?(?:dim|dims|size|sz|width)(?:_[a-z0-9]+)?")


@lru_cache(maxsize=4_096)
def word_role(word: str) -> Role:
    """Return the role that a word gives an axis in a written shape: `batch_size`, `src len`, `hidden-dim`."""
    name = normalized(word)
    listed = _ROLES.get(name)
    if listed is not None:
        return listed
    if _BATCH_SIZE.fullmatch(name) or _SUBSCRIPTED_BATCH.fullmatch(name):
        return Role.BATCH
    if _SEQUENCE.fullmatch(name) or _SUBSCRIPTED_TIME.fullmatch(name) or _COUNTED_STEPS.fullmatch(name):
        return Role.TIME
    if _COUNTED_LAYERS.fullmatch(name):
        return Role.LAYERS
    width = _WIDTH.fullmatch(name)
    return Role.FEATURE if width is not None and width["word"] in _WIDTH_WORDS else Role.UNKNOWN


def is_direction(word: str) -> bool:
    """Whether a word counts the directions of a layer: `num_directions`, `n directions`."""
    return normalized(word) in _DIRECTION_NAMES


def are_inner_and_outer(one: str, other: str) -> bool:
    """Whether two names are of a layer's own width and of that of what it is given: `hidden_dim` and `emb_dim`."""
    inner, outer = (
        [bool(words.intersection(normalized(name).split("_"))) for name in (one, other)] for words in (_INNER, _OUTER)
    )
    return inner != outer and sorted(inner) == sorted(outer) == [False, True]


def normalized(word: str) -> str:
    """Return a word as the tables have it: lower case, underscores for blanks and hyphens."""
    return re.sub(r"[\s\-]+", "_", word.strip()).lower()


def role_of_name(name: str) -> Role:
    """Return what an identifier alone says of the axis whose size it holds (`seq_len` in `x.size(1)`).

    `b` and `t` count in upper case only; `axis_roles.roles_in_company` decides them by the names beside them.
    """
    return Role.UNKNOWN if name in ("b", "t") else word_role(name.lstrip("_"))


def counted_by(name: str) -> str:
    """What a name speaks of: `n_labels`, `label_size` and `labels` are all of each `label`."""
    words = [word for word in name.lower().rsplit(".", 1)[-1].split("_") if word not in _COUNTING]
    return "".join(words).removesuffix("s")
