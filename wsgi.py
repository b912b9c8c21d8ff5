"""The service for a WSGI server."""

from wristband import create_app

app = create_app()
