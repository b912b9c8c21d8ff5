"""The service for a WSGI server."""

import os

from wristband import create_app

# Whatever it writes, a database's files among them, is for nobody else on this machine.
os.umask(0o077)
app = create_app()
