"""Passkeys (WebAuthn Level 3): what a browser is asked, and whether its answer is one. No row is touched here."""

from __future__ import annotations

import base64
import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from wristband.errors import BadValue

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

CHALLENGE_BYTES = 32
CHALLENGE_LASTS_S = 300
PASSKEYS_AN_OFFICER = 10
# The longest answer taken: an attestation with a certificate chain has some 6,000 characters.
_LONGEST_ANSWER = 16_000
_WAITS_MS = 120_000


@dataclass(frozen=True, slots=True)
class Party:
    """Whom a passkey is for: the host that it is bound to, and the one origin that may ask for it."""

    id: str
    origin: str


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """What an authenticator has made: both as base64url."""

    credential_id: str
    public_key: str
    sign_count: int


def party_of(host: str, *, scheme: str, ours: frozenset[str], development: bool) -> Party | None:
    """The party behind a request's `host`; None where browsers make no passkey: a bare address, or a foreign host.

    In development this machine's own name goes besides the configured hosts, at whatever port.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return None
    if host.lower() not in ours and not (development and name == "localhost"):
        return None
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return Party(name, f"{scheme}://{host.lower()}")
    return None


def ask_new(
    party: Party, challenge: bytes, *, issuer: str, officer_id: int, username: str, name: str, known: Sequence[str]
) -> str:
    """What navigator.credentials.create() is given, as JSON; `known` are credentials not to be made again."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    return options_to_json(
        generate_registration_options(
            rp_id=party.id,
            rp_name=issuer,
            user_id=str(officer_id).encode(),
            user_name=username,
            user_display_name=name,
            challenge=challenge,
            timeout=_WAITS_MS,
            exclude_credentials=_descriptors(known),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
    )


def ask_proof(party: Party, challenge: bytes, *, known: Sequence[str] = ()) -> str:
    """What navigator.credentials.get() is given, as JSON; without `known` the person chooses the account herself."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    return options_to_json(
        generate_authentication_options(
            rp_id=party.id,
            challenge=challenge,
            timeout=_WAITS_MS,
            allow_credentials=_descriptors(known),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def read_answer(text: str) -> dict[str, Any]:
    """A browser's answer as it was posted. Raises BadValue for what is no JSON object with an id."""
    try:
        answer = json.loads(text) if len(text) <= _LONGEST_ANSWER else None
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
        raise BadValue("accounts.passkey_wrong")
    return answer


def check_new(party: Party, challenge: bytes, answer: dict[str, Any]) -> NewPasskey:
    """The passkey that was made for this challenge at this party, its owner verified. Raises BadValue."""
    from webauthn import verify_registration_response

    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except Exception:  # whatever a stranger's bytes do to a parser, they are no passkey
        raise BadValue("accounts.passkey_wrong") from None
    return NewPasskey(_encoded(made.credential_id), _encoded(made.credential_public_key), made.sign_count)


def check_proof(party: Party, challenge: bytes, answer: dict[str, Any], *, public_key: str) -> int:
    """The answer's sign count, its signature checked against our key. Raises BadValue.

    Whether the count has risen is for whoever keeps it to say: one that has not tells of a copy of the passkey.
    """
    from webauthn import verify_authentication_response

    try:
        proof = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=_decoded(public_key),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception:  # as above
        raise BadValue("accounts.passkey_wrong") from None
    return proof.new_sign_count


def has_risen(count: int, *, before: int) -> bool:
    """Whether a sign count is a next one; an authenticator that does not count says 0 each time."""
    return count > before or count == before == 0


def _descriptors(known: Sequence[str]) -> list[PublicKeyCredentialDescriptor]:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=_decoded(each)) for each in known]


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
