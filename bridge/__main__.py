"""`python -m bridge` is `cad-bridge`, and in a fresh checkout installs what that needs first."""

import sys

from bridge import bootstrap

if __name__ == "__main__":
    bootstrap.check_python()
    bootstrap.continue_installed(sys.argv[1:])

    from bridge.cli import main

    main()
