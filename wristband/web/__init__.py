"""The only room that knows Flask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from flask import Flask

    from wristband.config import Settings


def open_doors(app: Flask, settings: Settings) -> None:
    """Attach what every answer shares, then each door these settings name."""
    from wristband.web import bodies, errors, filters, forms, headers, hosts, language, pages, sessions, turnstile
    from wristband.web.finder import finder
    from wristband.web.guardian import family
    from wristband.web.health import health
    from wristband.web.officer import police
    from wristband.web.partner import partner
    from wristband.web.partner.exchange import exchange
    from wristband.web.platform import platform

    if "police" in settings.doors:
        app.wsgi_app = turnstile.Turnstile(app)  # type: ignore[method-assign]
    app.wsgi_app = bodies.Bodies(app.wsgi_app, places=max(1, settings.threads // 4))  # type: ignore[method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.session_interface = sessions.DoorSessions()
    app.url_map.merge_slashes = False  # an address is right or unknown: nobody is sent on
    app.url_map.converters["int"] = forms.RowId
    for part in (hosts, headers, language, filters, errors, pages, forms):
        part.attach(app)
    app.register_blueprint(health)
    doors = {"finder": finder, "family": family, "police": police, "platform": platform, "partner": partner}
    for name in settings.doors:
        app.register_blueprint(doors[name])
    if "partner" in settings.doors:
        app.register_blueprint(exchange)
