"""What an operation does to numbers, in the field's own terms: rules ask for this, and not for names."""

from __future__ import annotations

from enum import Enum, auto


class Nature(Enum):
    """The nature of an operation or layer."""

    # hands numbers on
    SAME = auto()  #: moves, copies, detaches or converts: each number stays where it is
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
    COMPARISON = auto()
    DROPOUT = auto()

    # computes across entries
    NORM = auto()
    SOFTMAX = auto()
    REDUCTION = auto()
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
    CLASS_LOSS = auto()  #: of scores and class numbers
    LOSS = auto()  #: of two tensors that broadcast
    EXACT_LOSS = auto()  #: of two tensors of one shape
    SEQUENCE_LOSS = auto()
    SIMILARITY = auto()

    # makes numbers
    ZEROS = auto()
    CONSTANT = auto()  #: ones, a fill value, places, whatever memory holds
    RANDOM = auto()
    DATA = auto()  #: numbers that the code lists

    PACKING = auto()  #: to and from packed sequences
    WRITE = auto()  #: writes into a tensor
    INQUIRY = auto()  #: tells of a tensor: its shape, its device, its contents as numbers of Python
