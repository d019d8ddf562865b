"""Checks of the secrets: where they are kept, of what shape they are, and where they must not stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spark_conformance.cloudflare.account import ApiToken
    from spark_conformance.core.judging import Judge
    from spark_conformance.github.actions import GithubSecrets
    from spark_conformance.repository.leaks import Leaks
    from spark_conformance.secrets.onepassword import OnePassword
    from spark_conformance.secrets.pulumi import Esc
    from spark_conformance.secrets.references import ClientId, SecretShape


@pytest.mark.fact("secrets.api_token")
def test_api_token(judge: Judge, api_token: ApiToken) -> None:
    """Cloudflare does not accept the API token: it is wrong, expired or disabled.

    Nothing can be looked at through the API.

    Not seen here: what it may do (each fact that needs more says so), and that it may do more than it has to.
    """
    judge(api_token.status)


@pytest.mark.fact("secrets.esc_tunnel_token")
def test_esc_tunnel_token(judge: Judge, esc: Esc) -> None:
    """The next deployment finds no token for the tunnel, or the token is there in plain text.

    Not seen here: whether it is the right one; see cloudflared.token_matches_esc.
    """
    judge(esc.state(judge.expect), note=esc.told)


@pytest.mark.fact("secrets.esc_client_id")
def test_esc_client_id(judge: Judge, esc: Esc) -> None:
    """Clients and deployments look under this key for the service token's client id, and find none.

    Not seen here: whether it is the right one; see secrets.client_id.
    """
    judge(esc.state(judge.expect), note=esc.told)


@pytest.mark.fact("secrets.esc_client_secret")
def test_esc_client_secret(judge: Judge, esc: Esc) -> None:
    """Clients find no service token's secret under this key, or it stands there in plain text.

    Cloudflare shows a secret only once.

    Not seen here: whether it is the right one; see secrets.client_secret_shape and access.admits_token.
    """
    judge(esc.state(judge.expect), note=esc.told)


@pytest.mark.fact("secrets.client_id")
def test_client_id(judge: Judge, access_client_id: ClientId) -> None:
    """ESC does not hold the documented client id: clients send the id of another token.

    Not seen here: whether there is such a token; see access.token_client_id and access.token_enabled.
    """
    judge(access_client_id.value)


@pytest.mark.fact("secrets.client_secret_shape")
def test_client_secret_shape(judge: Judge, client_secret_shape: SecretShape) -> None:
    """What ESC holds cannot be a service token's secret of the documented kind.

    It is cut short, has a space or a line break, or is in quotation marks. One of the newer kind is well where the
    older one is documented: whoever rotates a token since 2026-08-26 is given that.

    Not seen here: whether it is the token's secret; see access.admits_token.
    """
    renewed = (judge.expect, client_secret_shape.shape) == ("hex-64", "cfast")
    note = (
        "the token was rotated after it was documented: Cloudflare now issues secrets of the kind cfast"
        if renewed
        else ""
    )
    judge(client_secret_shape.shape, ok=True if renewed else None, note=note)


@pytest.mark.fact("secrets.onepassword")
def test_onepassword(judge: Judge, onepassword: OnePassword) -> None:
    """1Password's CLI answers and has no vault for this machine's user, so the break-glass way is closed.

    It is signed in to an account, or with a service account's token, that may see none.

    Not seen here: whether the item for an emergency is there, unless a reference of the target's names it.
    """
    judge(onepassword.answers, note=onepassword.told)


@pytest.mark.fact("secrets.passphrase")
def test_passphrase(judge: Judge, github_secrets: GithubSecrets) -> None:
    """The workflow cannot decrypt what Pulumi holds.

    Not seen here: what the secret says, which GitHub gives out to nobody (pipeline.last_run shows whether it
    works), and whether the job that needs it is of the environment that has it, where one has it.
    """
    judge(github_secrets.state(judge.expect), note=github_secrets.told)


@pytest.mark.fact("secrets.leaks")
def test_leaks(judge: Judge, leaks: Leaks) -> None:
    """A secret, or the beginning of one, stands in the repository or in its history, at the places in the note.

    What was committed and removed counts, in every branch and tag of the clone. Once the tunnel's token or the service
    token's secret is rotated, what the history keeps of it is of no use, and does not count; of a private key or
    another system's token there nobody can tell: rotate it, and waive this.

    Not seen here: a secret that is compressed, encrypted, split or encoded otherwise than in base64; untracked
    files; branches that were not fetched.
    """
    judge(len(leaks.found), note=leaks.told)
