"""A model's data flow as a picture: what a trace did, laid out, drawn as SVG or written for other programs."""
