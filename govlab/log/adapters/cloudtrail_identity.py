"""Who stands behind a CloudTrail record: user, role and its session, service acting for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from govlab.runtime import arguments

__all__ = ["Actor", "Identity", "who"]

_SERVICE = ".amazonaws.com"
"""How the name of a service ends; `AWS Internal` is the console on its user's behalf."""


class _Issuer(msgspec.Struct, rename="camel"):
    arn: str | None = None
    user_name: str | None = None


class _Attributes(msgspec.Struct, rename="camel"):
    creation_date: str | None = None
    mfa_authenticated: str | None = None


class _Session(msgspec.Struct, rename="camel"):
    session_issuer: _Issuer | None = None
    attributes: _Attributes | None = None
    source_identity: str | None = None


class _Behalf(msgspec.Struct, rename="camel"):
    user_id: str | None = None


class Identity(msgspec.Struct, rename="camel"):
    """The `userIdentity` of a record."""

    type: str | None = None
    principal_id: str | None = None
    arn: str | None = None
    account_id: str | None = None
    access_key_id: str | None = None
    user_name: str | None = None
    invoked_by: str | None = None
    session_context: _Session | None = None
    on_behalf_of: _Behalf | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """The who-columns of a record, the session of credentials it belongs to, and further notes."""

    columns: dict[str, Any]
    session: str | None
    started: datetime | None
    notes: dict[str, Any]


def who(identity: Identity) -> Actor:
    """Actor, principal and the chain between them.

    A role's session acts for the role, or for the person it names as its source; a service that
    calls with somebody's credentials acts for them.
    """
    session = identity.session_context or _Session()
    attributes = session.attributes or _Attributes()
    issuer = session.session_issuer or _Issuer()
    service = _service(identity)
    own = identity.arn or identity.principal_id or identity.user_name
    person = session.source_identity or (identity.on_behalf_of or _Behalf()).user_id
    chain = [name for name in (issuer.arn, own, service) if name]
    columns = {
        "actor": chain[-1] if chain else identity.account_id,
        "principal": person or (chain[0] if chain else identity.account_id),
        "subject_type": identity.type,
        "agent_role": issuer.user_name,
        "parent_agent": chain[-2] if len(chain) > 1 else None,
        "delegation_chain": chain or None,
        "delegation_depth": max(len(chain) - 1, 0),
    }
    notes = {
        "mfa": attributes.mfa_authenticated,
        "invoked_by": identity.invoked_by if service is None else None,
        "caller_account": identity.account_id,
    }
    started = arguments.timestamp(attributes.creation_date)
    return Actor(columns, _session(identity, own, attributes.creation_date), started, notes)


def _service(identity: Identity) -> str | None:
    name = identity.invoked_by
    return name if name and name.endswith(_SERVICE) else None


def _session(identity: Identity, own: str | None, created: str | None) -> str | None:
    """Names a session of credentials: an identity, when it was given them, else by which key."""
    mark = created or identity.access_key_id
    return "/".join(filter(None, (own, mark))) if own and mark else None
