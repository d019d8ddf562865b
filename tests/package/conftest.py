"""The example is another repository's: its checks are run there, from a directory of its own."""

collect_ignore = ["example"]
