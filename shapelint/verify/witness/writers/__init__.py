"""The bodies of witness scripts: a file for each property, named as it is, with `write(document)`."""
