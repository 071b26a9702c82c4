"""Right programs whose rounds differ: one round of a loop, or one member of a container, does not stand for the others."""

import pytest
from reported import codes

PYRAMID = """
    SIZES = [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24]

    class Pyramid(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList({made})

        def forward(self, x):
            {loop}
                x = {layer}(x)
            return x
    """
MADE = "nn.Linear(a, b) for a, b in zip(SIZES[:-1], SIZES[1:])"
BLOCKS = "nn.Sequential(nn.Linear(a, b), nn.ReLU()) for a, b in zip(SIZES[:-1], SIZES[1:])"
WRONG = "nn.Linear(a, a) for a, b in zip(SIZES[:-1], SIZES[1:])"
LOOPS = {
    "over the layers": ("for layer in self.layers:", "layer"),
    "by their numbers": ("for i in range(len(self.layers)):", "self.layers[i]"),
    "with their numbers": ("for i, layer in enumerate(self.layers):", "layer"),
    "beside a longer sequence": ("for layer, i in zip(self.layers, range(20)):", "layer"),
}


@pytest.mark.parametrize("made", [MADE, BLOCKS])
@pytest.mark.parametrize(("loop", "layer"), LOOPS.values(), ids=LOOPS)
def test_the_last_layer_does_not_stand_for_those_before_it(made: str, loop: str, layer: str) -> None:
    assert codes(PYRAMID.format(made=made, loop=loop, layer=layer)) == []


def test_layers_that_differ_are_followed_one_by_one() -> None:
    loop, layer = LOOPS["over the layers"]
    assert codes(PYRAMID.format(made=WRONG, loop=loop, layer=layer)) == ["SHP901"]


NORMED = """
    from blocks import Block

    class Stages(nn.Module):
        def __init__(self, dims={dims}):
            super().__init__()
            self.stages = nn.ModuleList([Block(dim) for dim in dims])
            self.norms = nn.ModuleList([nn.LayerNorm(dim) for dim in dims])

        def forward(self, x):
            for i in range(len(self.stages)):
                x = self.stages[i](x)
                x = self.norms[i](x)
            return x
    """


@pytest.mark.parametrize("dims", ["[256, 512]", "(8, 16, 24)"])
def test_what_is_unknown_is_another_in_each_round(dims: str) -> None:
    assert codes(NORMED.format(dims=dims)) == []


ARRAY = """
    import numpy as np

    class Joints(torch.utils.data.Dataset):
        def __init__(self, files):
            self.poses = [self.turned(load(file)["hand"], [1.0, 2.0])[:, [0, 2, 1], :] for file in files]

        def turned(self, points, by):
            points = {moved}
            return points.dot(rotation)
    """


@pytest.mark.parametrize(
    "moved", ["points - np.tile(by, (points.shape[0], 1))", "np.array(by) + points", "2 * np.asarray(points)"]
)
def test_what_is_computed_with_an_array_is_one(moved: str) -> None:
    assert codes(ARRAY.format(moved=moved)) == []


def test_a_product_that_arrays_have_too_says_nothing_of_the_rank() -> None:
    text = """
        def scored(path, weights):
            matrix = load(path)
            return matrix.dot(weights), matrix[:, weights], torch.tensor(weights)
        """
    assert codes(text) == []


def test_sizes_may_be_given_by_name() -> None:
    text = """
        def collate(batch):
            canvas = batch[0].new_zeros(size=(len(batch), 7))
            for i, one in enumerate(batch):
                canvas[i] += one
            return canvas, torch.ones(size=(len(batch), 7))[:, 3]
        """
    assert codes(text) == []


STAGES = """
    def pairs(sizes):
        return zip(sizes[:-1], sizes[1:])

    class Stages(nn.Module):
        def __init__(self, widths=(128, 256, 384, 512), depth=2):
            super().__init__()
            sizes = [widths[0]]
            for width in widths:
                sizes += [width] * depth
            layers = []
            for i, (before, after) in enumerate(pairs(sizes[::-1])):
                layers += [nn.Linear(before, after)]
            self.layers = nn.ModuleList(layers)

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x
    """


def test_a_layer_is_not_given_what_a_layer_gives_that_is_not_the_one_before_it() -> None:
    assert codes(STAGES) == []


READ = """
    import numpy as np

    def columns(rows):
        states, actions = zip(*rows)
        return [torch.FloatTensor(np.array(column)) for column in (states, actions)]

    one = nn.Linear(3, 4)
    two = nn.Linear(2, 4)

    def train(rows):
        for _ in range(2):
            states, actions = columns(rows)
            one(states)
            two({read})
    """


def test_the_first_of_later_rounds_is_not_the_second_of_the_first_round() -> None:
    assert codes(READ.format(read="actions")) == []


def test_one_value_that_two_layers_read_as_of_other_widths_is_told() -> None:
    assert codes(READ.format(read="states")) == ["SHP901"]


LETTERS = """
    one = nn.Linear(3, 4)
    two = nn.Linear(2, 4)
    columns = [torch.tensor(read(letter)) for letter in "ab"]
    for layer, column in zip((one, {second}), columns):
        layer(column)
    two(columns[1])
    """


def test_the_letters_of_a_text_are_as_many_items() -> None:
    assert codes(LETTERS.format(second="two")) == []


def test_the_second_letter_has_one_value() -> None:
    assert codes(LETTERS.format(second="one")) == ["SHP901"]
