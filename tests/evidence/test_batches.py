"""What a data loader's batches are, as its dataset tells; and names that are given to both axes of an input."""

import pytest
from marked import expected, found

WRONG = {
    "targets of another rank": """
        data = TensorDataset(torch.randn(64, 20, 5), torch.randn(64))
        rnn, head = nn.GRU(5, 16, batch_first=True), nn.Linear(16, 1)
        for x, y in DataLoader(data, 16, True):
            out, _ = rnn(x)
            loss = F.mse_loss(head(out[:, -1]), y)  # error: SHP517
    """,
    "rows of a table": """
        class Tabular(nn.Module):
            def __init__(self, columns):
                super().__init__()
                self.rnn = nn.GRU(columns, 12)
                self.head = nn.Linear(12, 2)

            def forward(self, rows):
                out, _ = self.rnn(rows)  # error: SHP118
                return self.head(out)

        def main():
            net, data = Tabular(9), TensorDataset(torch.randn(200, 9), torch.randint(0, 2, (200,)))
            for rows, labels in DataLoader(data, batch_size=20):
                F.cross_entropy(net(rows), labels).backward()

        main()
    """,
    "other features, in a part of the data": """
        data = TensorDataset(torch.randn(90, 15, 6), torch.randint(0, 3, (90,)))
        train, test = torch.utils.data.random_split(data, [60, 30])
        lstm = nn.LSTM(8, 20, batch_first=True)
        for number, batch in enumerate(DataLoader(train, batch_size=30)):
            x, y = batch
            out, _ = lstm(x)  # error: SHP901
    """,
    "a dataset of the code's own": """
        class Windows(Dataset):
            def __init__(self, series, size):
                self.series, self.size = series, size

            def __len__(self):
                return len(self.series) - self.size

            def __getitem__(self, i):
                return self.series[i : i + self.size], self.series[i + self.size, 0]

        net, head = nn.LSTM(4, 10, batch_first=True), nn.Linear(10, 1)
        for x, y in DataLoader(Windows(torch.randn(300, 4), 24), batch_size=32):
            out, _ = net(x)
            loss = F.l1_loss(head(out[:, -1]), y)  # error: SHP517
    """,
    "each sample has its target": """
        rnn, data = nn.LSTM(3, 8), TensorDataset(torch.randn(60, 12, 3), torch.randn(60, 12, 8))
        for x, y in DataLoader(data, batch_size=10):
            states, _ = rnn(x)  # error: SHP110
            loss = F.mse_loss(states, y)
    """,
    "names on both axes": """
        class Tagger(nn.Module):
            def __init__(self, words, tags):
                super().__init__()
                self.emb = nn.Embedding(words, 16)
                self.rnn = nn.LSTM(16, 32)
                self.out = nn.Linear(32, tags)

            def forward(self, ids):
                batch_size, seq_len = ids.shape
                out, _ = self.rnn(self.emb(ids))  # error: SHP110
                return self.out(out)
    """,
}
RIGHT = {
    "targets of the same rank": """
        data = TensorDataset(torch.randn(64, 20, 5), torch.randn(64, 1))
        rnn, head = nn.GRU(5, 16, batch_first=True), nn.Linear(16, 1)
        for x, y in DataLoader(data, 16, True):
            out, _ = rnn(x)
            loss = F.mse_loss(head(out[:, -1]), y)
    """,
    "laid out by hand": """
        def time_first(samples):
            return torch.stack([x for x, _ in samples], 1), torch.stack([y for _, y in samples])

        rnn, data = nn.LSTM(3, 8), TensorDataset(torch.randn(60, 12, 3), torch.randn(60, 8))
        for x, y in DataLoader(data, batch_size=10, collate_fn=time_first):
            states, _ = rnn(x)
            loss = F.mse_loss(states[-1], y)
    """,
    "steps of one sequence": """
        rnn = nn.LSTM(3, 8)
        for x in DataLoader(torch.randn(600, 4, 3), batch_size=35):
            states, _ = rnn(x)
            print(states[-1].mean())
    """,
    "exchanged on the way": """
        rnn, data = nn.LSTM(3, 8), TensorDataset(torch.randn(60, 12, 3), torch.randn(60, 8))
        for x, y in DataLoader(data, batch_size=10):
            states, _ = rnn(x.transpose(0, 1))
            loss = F.mse_loss(states[-1], y)
    """,
    "names as the layer reads them": """
        class Tagger(nn.Module):
            def __init__(self, words):
                super().__init__()
                self.emb = nn.Embedding(words, 16)
                self.rnn = nn.LSTM(16, 32)

            def forward(self, ids):
                seq_len, batch_size = ids.shape
                return self.rnn(self.emb(ids))[0]
    """,
    "names of one axis only": """
        class Tagger(nn.Module):
            def __init__(self, words):
                super().__init__()
                self.emb = nn.Embedding(words, 16)
                self.rnn = nn.LSTM(16, 32)

            def forward(self, ids):
                batch_size = ids.size(0)
                return self.rnn(self.emb(ids))[0]
    """,
}


@pytest.mark.parametrize("text", [*WRONG.values(), *RIGHT.values()], ids=[*WRONG, *RIGHT])
def test_what_is_found(text: str) -> None:
    assert found(text, "SHP901") == expected(text)


COLLATED = """
        def gather(samples):
            texts, labels = zip(*samples)
            padded = pad_sequence([torch.tensor(text) for text in texts], batch_first=True{side})
            return padded, torch.tensor(labels)

        class Reviews(nn.Module):
            def __init__(self, words):
                super().__init__()
                self.emb = nn.Embedding(words, 12, padding_idx=0)
                self.rnn = nn.GRU(12, 20, batch_first=True)
                self.out = nn.Linear(20, 2)

            def forward(self, ids):
                _, h = self.rnn(self.emb(ids))
                return self.out(h[-1]){mark}

        data = [{data}]
        net = Reviews(10)
        for ids, y in DataLoader(data, batch_size=3, collate_fn=gather):
            F.cross_entropy(net(ids), y).backward()
"""


@pytest.mark.parametrize(
    ("data", "side", "mark"),
    [
        ("([1, 2, 3], 0), ([4, 5], 1), ([6], 0)", "", "  # error: SHP401"),
        ("([1, 2, 3], 0), ([4, 5, 6], 1)", "", ""),
        ("([1, 2, 3], 0), ([4, 5], 1)", ", padding_side='left'", ""),
    ],
    ids=["padded", "equally long", "padded before"],
)
def test_what_a_function_makes_of_samples(data: str, side: str, mark: str) -> None:
    text = COLLATED.format(data=data, side=side, mark=mark)
    assert found(text) == expected(text)
