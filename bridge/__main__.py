"""`python -m bridge` is `cad-bridge`, and in a fresh checkout installs what that needs first."""

import gc
import sys

from bridge import bootstrap

if __name__ == "__main__":
    bootstrap.check_python()
    bootstrap.continue_installed(sys.argv[1:])

    gc.disable()  # loading makes no garbage: looking for it would take a tenth of the start
    from bridge.cli import main

    gc.enable()
    main()
