"""The contract between the interpreter, the rules and the proofs: what one path did."""
