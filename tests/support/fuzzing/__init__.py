"""Random inputs for the whole pipeline: mutated fixtures and whole programs, and what counts as a fault.

`tests/programs/test_fuzz.py` runs a bounded number of them, `benchmarks/fuzz.py` as many as one likes.
"""

import warnings

# what Python and torch say of the random programs (and of a missing numpy) is not for people
warnings.simplefilter("ignore")
