"""A software passkey: makes and signs WebAuthn answers as a browser with a security key would."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

from schools.models import User

_SITE = "testserver"
_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


class Passkey:
    """One passkey of one person."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(32)
        self.count = 0

    @classmethod
    def of(cls, user: User) -> Passkey:
        """A passkey that the person has added already."""
        from allauth.mfa.models import Authenticator

        passkey = cls(user)
        Authenticator.objects.create(
            user=user,
            type=Authenticator.Type.WEBAUTHN,
            data={"name": "Key", "credential": passkey._registration(b"challenge")},
        )
        return passkey

    def add(self, client: Client) -> None:
        """Add it through the page."""
        page = client.get("/account/2fa/webauthn/add/")
        options = page.context["js_data"]["creation_options"]
        challenge = websafe_decode(options["publicKey"]["challenge"])
        client.post(
            "/account/2fa/webauthn/add/",
            {"name": "Key", "passwordless": "on", "credential": json.dumps(self._registration(challenge))},
        )

    def sign_in_alone(self, client: Client, *, verified: bool = True) -> None:
        """Sign in without a password."""
        options = client.get("/account/2fa/webauthn/login/", headers={"accept": "application/json"}).json()
        challenge = websafe_decode(options["request_options"]["publicKey"]["challenge"])
        client.post("/account/2fa/webauthn/login/", {"credential": json.dumps(self._assertion(challenge, verified))})

    def answer(self, client: Client, path: str) -> None:
        """Answer the question for a second factor."""
        page = client.get(path)
        options = page.context["js_data"]["request_options"]
        challenge = websafe_decode(options["publicKey"]["challenge"])
        client.post(path, {"credential": json.dumps(self._assertion(challenge, verified=True))})

    def _registration(self, challenge: bytes) -> dict[str, Any]:
        credential = AttestedCredentialData.create(
            Aaguid.NONE, self.id, ES256.from_cryptography_key(self.key.public_key())
        )
        data = AuthenticatorData.create(
            hashlib.sha256(_SITE.encode()).digest(), _PRESENT | _VERIFIED | _ATTESTED, 0, credential
        )
        return self._answer(
            {
                "clientDataJSON": websafe_encode(_client_data("webauthn.create", challenge)),
                "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
                "transports": ["internal"],
            },
            {"credProps": {"rk": True}},
        )

    def _assertion(self, challenge: bytes, verified: bool) -> dict[str, Any]:
        self.count += 1
        flags = _PRESENT | (_VERIFIED if verified else 0)
        data = hashlib.sha256(_SITE.encode()).digest() + struct.pack(">BI", flags, self.count)
        client_data = _client_data("webauthn.get", challenge)
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": websafe_encode(client_data),
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signature),
                "userHandle": websafe_encode(user_pk_to_url_str(self.user).encode()),
            },
            {},
        )

    def _answer(self, response: dict[str, Any], extensions: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "public-key",
            "id": websafe_encode(self.id),
            "rawId": websafe_encode(self.id),
            "authenticatorAttachment": "platform",
            "clientExtensionResults": extensions,
            "response": response,
        }


def _client_data(kind: str, challenge: bytes) -> bytes:
    return json.dumps(
        {
            "type": kind,
            "challenge": websafe_encode(challenge),
            "origin": f"https://{_SITE}",
            "crossOrigin": False,
        }
    ).encode()
