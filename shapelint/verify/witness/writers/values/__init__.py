"""Properties of values: what torch raises, where entries come from, and what surrounds a layer."""
