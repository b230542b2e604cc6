"""Pages of docs/ that are drawn from the code; `make docs` writes them, and a test finds one that is out of date."""
