"""The program `trialog`, also as `python -m trialog`."""

import sys


def run() -> int:
    """Run the command that was typed and return its exit code; whoever stops it while it is loaded sees no traceback."""
    try:
        from trialog.cli import main

        return main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(run())
