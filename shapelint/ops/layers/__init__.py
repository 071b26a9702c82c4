"""The layers of torch.nn, their constructors and calls, and what is like them in torch.nn.functional."""
