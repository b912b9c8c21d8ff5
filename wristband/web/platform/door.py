"""The machines' door itself: of the police platform and of gateways' providers."""

from flask import Blueprint

platform = Blueprint("platform", __name__)
