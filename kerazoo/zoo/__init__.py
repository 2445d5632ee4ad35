"""The architectures, one family a file in a folder for each domain."""
