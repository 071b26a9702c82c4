"""The properties, tested with torch: a file each, named as the property is, with `check(document)`.

A check returns whether its property holds, and says what it saw. claims/ tells what each property and option means.
"""
