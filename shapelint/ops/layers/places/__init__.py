"""Layers over places: what slides over, pads, resamples and trades the last axes."""
