"""Functions that are given the file's model."""

import pytest
from marked import expected, found

TAGGER = """
class Tagger(nn.Module):
    def __init__(self, words, tags):
        super().__init__()
        self.emb = nn.Embedding(words, 16)
        self.rnn = nn.GRU(16, 16, batch_first=True)
        self.out = nn.Linear(16, tags)

    def forward(self, ids, state=None):
        out, state = self.rnn(self.emb(ids), state)
        return self.out(out), state
"""
ENCODER = """
class Encoder(nn.Module):
    def __init__(self, words):
        super().__init__()
        self.tagger = Tagger(words, 16)

    def forward(self, ids):
        return self.tagger(ids)[0].mean(1)
"""
STEP = """
def step({parameters}):
    batch, steps = ids.shape
    scores, _ = {name}(ids)
    return F.cross_entropy(scores.view(batch, -1, steps), tags){mark}
"""


def step(parameters: str, name: str, mark: str = "") -> str:
    return STEP.format(parameters=f"{parameters}, ids, tags", name=name, mark=mark and f"  # error: {mark}")


TEXTS = {
    "the only one": TAGGER + step("model", "model", "SHP508"),
    "by its type": TAGGER + ENCODER + step("chosen: Tagger", "chosen", "SHP508"),
    "by its name": TAGGER + ENCODER + step("tagger", "tagger", "SHP508"),
    "its state in a loop": TAGGER
    + """
def fit(net, chunks, optimizer):
    state = None
    for ids, following in chunks:
        scores, state = net(ids, state)  # error: SHP206
        F.cross_entropy(scores.flatten(0, 1), following.flatten()).backward()
        optimizer.step()
""",
    "some function": TAGGER + step("score", "score"),
    "of another type": TAGGER + step("model: nn.Module", "model"),
    "a part of another": TAGGER + ENCODER + step("model", "model"),
    "called otherwise": TAGGER
    + """
def step(model, ids, tags):
    batch, steps = ids.shape
    scores, _ = model(ids, None, tags)
    return F.cross_entropy(scores.view(batch, -1, steps), tags)
""",
    "detached": TAGGER
    + """
def fit(net, chunks, optimizer):
    state = None
    for ids, following in chunks:
        scores, state = net(ids, state if state is None else state.detach())
        F.cross_entropy(scores.flatten(0, 1), following.flatten()).backward()
        optimizer.step()
""",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_is_found(text: str) -> None:
    assert found(text) == expected(text)
