"""`python -m govlab` is the command line."""

from govlab.cli import main

if __name__ == "__main__":
    main()
