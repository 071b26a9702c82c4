"""Properties of layers: their parameters, options and what holds them."""
