"""What torch will show if a finding is true: a property of the program's values, a file each.

The file of the same name in `verify/worker/checks` tests it, that in `verify/witness/writers` shows it in a script.
"""
