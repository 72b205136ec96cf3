"""`python -m trialog`."""

import sys

from trialog.cli import main

sys.exit(main())
