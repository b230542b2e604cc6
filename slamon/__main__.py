"""Lets `python -m slamon` do what the `slamon` command does."""

from slamon.cli.main import main

if __name__ == "__main__":
    main()
