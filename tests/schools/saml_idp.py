"""A small SAML identity provider: reads our request, writes and signs an answer, well or badly as a test asks."""

from __future__ import annotations

import base64
import datetime as dt
import uuid
import zlib
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from lxml import etree

ENTITY_ID = "https://idp.district.example/metadata"
SSO_URL = "https://idp.district.example/sso"

_SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
_SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
_EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


@dataclass
class Key:
    """A key made for one test run, with its certificate."""

    private: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    def pem(self) -> bytes:
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def certificate(self) -> str:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.district.example")])
        now = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=30))
            .sign(self.private, hashes.SHA256())
        )
        return made.public_bytes(serialization.Encoding.PEM).decode()


@dataclass(frozen=True)
class Request:
    """What the service asked for, as it stands in the address that it sent the browser to."""

    id: str
    acs_url: str
    audience: str
    relay_state: str

    @classmethod
    def of(cls, url: str) -> Request:
        query = parse_qs(urlsplit(url).query)
        document = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15))
        return cls(
            id=document.get("ID"),
            acs_url=document.get("AssertionConsumerServiceURL"),
            audience=document.findtext(f"{{{_SAML}}}Issuer"),
            relay_state=query.get("RelayState", [""])[0],
        )


def answer(
    request: Request,
    *,
    email: str,
    key: Key,
    audience: str = "",
    in_response_to: str = "",
    outer_in_response_to: str = "",
    issued: dt.datetime | None = None,
    signed: bool = True,
    tamper: str = "",
) -> dict[str, str]:
    """The form that the provider lets the browser post to us."""
    now = issued or dt.datetime.now(dt.UTC)
    asked = in_response_to or request.id
    until = _time(now + dt.timedelta(minutes=5))
    assertion_id = f"_{uuid.uuid4().hex}"
    text = f"""<samlp:Response xmlns:samlp="{_SAMLP}" xmlns:saml="{_SAML}" ID="_{uuid.uuid4().hex}" Version="2.0"
 IssueInstant="{_time(now)}" Destination="{request.acs_url}" InResponseTo="{outer_in_response_to or asked}">
<saml:Issuer>{ENTITY_ID}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>
<saml:Assertion ID="{assertion_id}" Version="2.0" IssueInstant="{_time(now)}">
<saml:Issuer>{ENTITY_ID}</saml:Issuer>
<saml:Subject><saml:NameID Format="{_EMAIL}">{email}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
<saml:SubjectConfirmationData NotOnOrAfter="{until}" Recipient="{request.acs_url}" InResponseTo="{asked}"/>
</saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{_time(now - dt.timedelta(minutes=1))}" NotOnOrAfter="{until}">
<saml:AudienceRestriction><saml:Audience>{audience or request.audience}</saml:Audience></saml:AudienceRestriction>
</saml:Conditions>
<saml:AuthnStatement AuthnInstant="{_time(now)}" SessionIndex="_{uuid.uuid4().hex}"><saml:AuthnContext>
<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>
</saml:AuthnContext></saml:AuthnStatement>
</saml:Assertion></samlp:Response>"""
    document = etree.fromstring(text)
    if signed:
        _sign(document.find(f"{{{_SAML}}}Assertion"), key)
    data = etree.tostring(document)
    if tamper:
        data = data.replace(email.encode(), tamper.encode())
    return {"SAMLResponse": base64.b64encode(data).decode(), "RelayState": request.relay_state}


def _sign(assertion: etree._Element, key: Key) -> None:
    signature = xmlsec.template.create(
        assertion, xmlsec.constants.TransformExclC14N, xmlsec.constants.TransformRsaSha256, ns="ds"
    )
    assertion.insert(1, signature)
    xmlsec.tree.add_ids(assertion, ["ID"])
    reference = xmlsec.template.add_reference(
        signature, xmlsec.constants.TransformSha256, uri=f"#{assertion.get('ID')}"
    )
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key.pem(), xmlsec.constants.KeyDataFormatPem)
    context.sign(signature)


def _time(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
