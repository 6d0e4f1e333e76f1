"""``python -m concur``: the same as the command ``concur``."""

from concur.cli import main

if __name__ == "__main__":
    main(prog_name="concur")
