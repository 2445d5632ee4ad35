"""`python -m kerazoo` is the command `kerazoo`."""

import sys

from kerazoo.cli import main

sys.exit(main())
