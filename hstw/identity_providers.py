"""Identity providers by configuration: ``IDENTITY_PROVIDERS`` becomes allauth's settings.

The variable holds a JSON list, or the path of a file that does; ``docs/identity-providers.md`` shows both.
Secrets stay out of it: an entry names the environment variable that holds its secret.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

# None of these has been tried against the vendor itself: docs/identity-providers.md says so too.
PRESETS: dict[str, dict[str, Any]] = {
    "google": {"name": "Google", "server": "https://accounts.google.com"},
    "microsoft-entra": {
        "name": "Microsoft",
        "server": "https://login.microsoftonline.com/{tenant}/v2.0",
        # A tenant's administrators can write any address into the claim, and Entra never says that it
        # verified one: only the tenant's own domains are believed.
        "domains_needed": True,
    },
    "clever": {"name": "Clever", "server": "https://clever.com", "domains_needed": True},
    "classlink": {
        "name": "ClassLink",
        "server": "https://launchpad.classlink.com",
        "domains_needed": True,
    },
}

_KNOWN = {
    "id", "kind", "preset", "name", "server", "tenant", "client_id", "secret_env", "scope", "uid_field", "origins",
    "email_domains", "trusts_second_factor", "entity_id", "sso_url", "x509cert", "attributes", "sp_entity_id",
}  # fmt: skip


@dataclass(frozen=True)
class Provider:
    """One identity provider, as the settings need it."""

    id: str
    kind: str
    app: dict[str, Any]
    origins: tuple[str, ...]
    trusts_second_factor: bool = False
    email_domains: tuple[str, ...] = field(default=())


def read(text: str, environ: Mapping[str, str], *, production: bool) -> list[Provider]:
    """The providers in ``text`` (JSON, or the path of a JSON file); raises ``ImproperlyConfigured``."""
    if not text.strip():
        return []
    if not text.lstrip().startswith("["):
        try:
            text = Path(text.strip()).read_text(encoding="utf-8")
        except OSError as error:
            raise ImproperlyConfigured(f"IDENTITY_PROVIDERS: {error}") from error
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"IDENTITY_PROVIDERS is not JSON: {error}") from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ImproperlyConfigured("IDENTITY_PROVIDERS must be a list of objects.")
    providers = [_provider(entry, environ, production=production) for entry in entries]
    ids = [provider.id for provider in providers]
    if len(ids) != len(set(ids)):
        raise ImproperlyConfigured("IDENTITY_PROVIDERS: each id may occur once.")
    return providers


def allauth_settings(providers: list[Provider]) -> dict[str, Any]:
    """``SOCIALACCOUNT_PROVIDERS``."""
    found: dict[str, Any] = {}
    for provider in providers:
        found.setdefault(provider.kind, {"APPS": []})["APPS"].append(provider.app)
    return found


def origins(providers: list[Provider]) -> list[str]:
    """Where a sign-in form may lead: for ``form-action`` in the Content-Security-Policy."""
    return sorted({origin for provider in providers for origin in provider.origins})


def _provider(entry: dict[str, Any], environ: Mapping[str, str], *, production: bool) -> Provider:
    name = entry.get("id")
    if not isinstance(name, str) or not name.replace("-", "").isalnum():
        raise ImproperlyConfigured("IDENTITY_PROVIDERS: each entry needs an id (letters, digits, dashes).")
    where = f"IDENTITY_PROVIDERS, {name}"
    if unknown := set(entry) - _KNOWN:
        raise ImproperlyConfigured(
            f"{where}: not known: {', '.join(sorted(unknown))}. A secret is named by secret_env."
        )
    if not isinstance(entry.get("trusts_second_factor", False), bool):
        raise ImproperlyConfigured(f"{where}: trusts_second_factor must be true or false.")
    kind = entry.get("kind", "openid_connect")
    if kind == "saml":
        return _saml(entry, where, production=production)
    if kind == "openid_connect":
        return _openid_connect(entry, where, environ)
    raise ImproperlyConfigured(f"{where}: kind must be openid_connect or saml.")


def _openid_connect(entry: dict[str, Any], where: str, environ: Mapping[str, str]) -> Provider:
    preset: dict[str, Any] = {}
    if "preset" in entry:
        if entry["preset"] not in PRESETS:
            raise ImproperlyConfigured(f"{where}: presets are {', '.join(PRESETS)}.")
        preset = PRESETS[entry["preset"]]
    server = entry.get("server") or preset.get("server")
    if not server:
        raise ImproperlyConfigured(f"{where}: give a preset, or server (the issuer's address).")
    if "{tenant}" in server:
        if entry.get("tenant", "common") in {"common", "organizations", "consumers"}:
            raise ImproperlyConfigured(f"{where}: tenant must be your own tenant's id; others let anyone in.")
        server = server.replace("{tenant}", entry["tenant"])
    domains = _domains(entry, where, needed=preset.get("domains_needed", False))
    secret_env = _text(entry, "secret_env", where)
    if not environ.get(secret_env):
        raise ImproperlyConfigured(f"{where}: the environment variable {secret_env} is not set.")
    options: dict[str, Any] = {
        "server_url": server,
        "oauth_pkce_enabled": True,
        "email_authentication": True,
        "verified_email": list(domains),
    }
    for key in ("scope", "uid_field"):
        if key in entry:
            options[key] = entry[key]
    return Provider(
        id=entry["id"],
        kind="openid_connect",
        app={
            "provider_id": entry["id"],
            "name": entry.get("name") or preset.get("name") or entry["id"],
            "client_id": _text(entry, "client_id", where),
            "secret": environ[secret_env],
            "settings": options,
        },
        origins=(_origin(server), *entry.get("origins", [])),
        trusts_second_factor=entry.get("trusts_second_factor", False),
        email_domains=domains,
    )


def _saml(entry: dict[str, Any], where: str, *, production: bool) -> Provider:
    domains = _domains(entry, where, needed=True)
    sso_url = _text(entry, "sso_url", where)
    options: dict[str, Any] = {
        "idp": {
            "entity_id": _text(entry, "entity_id", where),
            "sso_url": sso_url,
            "x509cert": _text(entry, "x509cert", where),
        },
        "advanced": {
            "strict": True,
            "want_assertion_signed": True,
            "reject_deprecated_algorithm": True,
            # An answer nobody asked for could be replayed into somebody else's browser.
            "reject_idp_initiated_sso": True,
            "allow_single_label_domains": not production,
            "want_attribute_statement": False,
        },
        "use_nameid_for_email": "email" not in entry.get("attributes", {}),
        "email_authentication": True,
        "verified_email": list(domains),
    }
    if attributes := entry.get("attributes"):
        options["attribute_mapping"] = attributes
    if sp_entity_id := entry.get("sp_entity_id"):
        options["sp"] = {"entity_id": sp_entity_id}
    return Provider(
        id=entry["id"],
        kind="saml",
        app={
            "provider_id": entry["id"],
            "name": entry.get("name") or entry["id"],
            "client_id": entry["id"],
            "settings": options,
        },
        origins=(_origin(sso_url), *entry.get("origins", [])),
        trusts_second_factor=entry.get("trusts_second_factor", False),
        email_domains=domains,
    )


def _domains(entry: dict[str, Any], where: str, *, needed: bool) -> tuple[str, ...]:
    """The domains whose addresses this provider may vouch for; empty means any address it has verified."""
    domains = entry.get("email_domains", [])
    if not isinstance(domains, list) or not all(isinstance(d, str) and "." in d for d in domains):
        raise ImproperlyConfigured(f"{where}: email_domains must be a list of domains.")
    if needed and not domains:
        raise ImproperlyConfigured(
            f"{where}: give email_domains, the domains whose addresses this provider may vouch for."
        )
    return tuple(domain.lower() for domain in domains)


def _text(entry: dict[str, Any], key: str, where: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise ImproperlyConfigured(f"{where}: {key} is missing.")
    return value


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
