"""How the class of a finding is constructed and called, with values that lead to the mistake."""
