"""Where a webhook leads and what its events are signed with, at the moment when one goes out."""

from __future__ import annotations

import json
from datetime import datetime

from wristband.partners import queries


def dial(recipient: str, *, now: datetime) -> str:
    """Address and secrets as the gateway takes them, JSON; empty for a webhook that is told nothing any more.

    While a secret is being renewed there are two, the new one first. Raises SealBroken.
    """
    webhook = queries.find_webhook(recipient)
    if webhook is None:
        return ""
    secrets = [webhook.secret]
    if webhook.old_secret_until is not None and now < webhook.old_secret_until and webhook.old_secret:
        secrets.append(webhook.old_secret)
    return json.dumps({"url": webhook.url, "secrets": secrets})
