"""The pages under docs/: one a fact and one a cause, made from the code. `python -m tests.docs` writes them."""
