"""What an operation does to numbers, in the field's own terms: rules ask for this, and not for names."""

from __future__ import annotations

from enum import Enum, auto


class Nature(Enum):
    """The nature of an operation or layer."""

    # hands numbers on
    SAME = auto()  #: moves, copies or converts: each number stays where it is
    WHOLE = auto()  #: converts to whole numbers or truth values
    DETACH = auto()  #: hands numbers on, off the graph
    VIEW = auto()  #: cuts the elements anew, in their order: view, flatten, squeeze, unsqueeze
    PERMUTATION = auto()  #: exchanges axes
    EXPANSION = auto()  #: repeats entries
    SELECTION = auto()  #: takes entries by their places
    PIECES = auto()  #: cuts an axis into several tensors
    JOIN = auto()  #: lays tensors beside or behind each other
    ORDER = auto()  #: puts the entries of an axis into another order, or tells it
    PADDING = auto()  #: adds entries at the ends of axes

    # computes each entry by itself
    POINTWISE = auto()
    SUM = auto()  #: adds or subtracts: entry by entry
    BOUND = auto()  #: keeps numbers between bounds
    COMPARISON = auto()
    DROPOUT = auto()

    # computes across entries
    NORM = auto()
    SOFTMAX = auto()
    TOTAL = auto()
    MEAN = auto()
    REDUCTION = auto()  #: any other
    EXTREME = auto()  #: the largest or smallest entries, or where they are
    CUMULATION = auto()
    PRODUCT = auto()  #: of matrices
    LINEAR = auto()
    LOOKUP = auto()  #: of rows by ids
    ONE_HOT = auto()
    RECURRENCE = auto()
    CELL = auto()  #: one step of a recurrence
    ATTENTION = auto()
    CONVOLUTION = auto()
    POOLING = auto()
    CROSS_ENTROPY = auto()  #: of scores and class numbers
    LIKELIHOOD = auto()  #: of log-probabilities and class numbers
    LOSS = auto()  #: of two tensors that broadcast
    EXACT_LOSS = auto()  #: of two tensors of one shape
    DIVERGENCE = auto()  #: of two distributions
    SEQUENCE_LOSS = auto()
    SIMILARITY = auto()

    # makes numbers
    ZEROS = auto()
    CONSTANT = auto()  #: ones, a fill value, places, whatever memory holds
    RANDOM = auto()
    DATA = auto()  #: numbers that the code lists

    PACKING = auto()  #: to and from packed sequences
    WRITE = auto()  #: writes into a tensor
    SHAPE = auto()  #: tells the sizes of a tensor
    RANK = auto()  #: tells the number of its axes
    INQUIRY = auto()  #: tells something else of it: its device, its contents as numbers of Python


HANDS_ON = frozenset((Nature.SAME, Nature.WHOLE, Nature.DETACH))
LAYS_OUT = HANDS_ON | {Nature.VIEW, Nature.PERMUTATION}  #: cuts, moves or hands on the elements, and computes nothing
MAKES = frozenset((Nature.ZEROS, Nature.CONSTANT, Nature.RANDOM))  #: a new tensor of given sizes
CLASS_LOSSES = frozenset((Nature.CROSS_ENTROPY, Nature.LIKELIHOOD))
LOSSES = CLASS_LOSSES | {Nature.LOSS, Nature.EXACT_LOSS, Nature.DIVERGENCE, Nature.SEQUENCE_LOSS}
REDUCES = frozenset((Nature.TOTAL, Nature.MEAN, Nature.REDUCTION, Nature.EXTREME))
