"""Checks of what a client meets at the public host name: certificate, answers, models, a streamed generation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spark_conformance.core.judging import Judge
    from spark_conformance.core.run import Run
    from spark_conformance.host.ollama import OllamaModels
    from spark_conformance.https.access_probes import Probe
    from spark_conformance.https.certificate import Certificate
    from spark_conformance.https.probes import PublicProbes
    from spark_conformance.https.public import Generation, PublicTags


@pytest.mark.fact("public.certificate_name")
def test_certificate_name(judge: Judge, certificate: Certificate) -> None:
    """Clients refuse the connection: the certificate is for other names, or from an issuer that nobody trusts.

    A wildcard covers one level, and so does Cloudflare's own certificate of the zone. An unknown issuer may also be a
    proxy between this machine and the internet.

    Not seen here: what other addresses of the name present than the first that takes a connection, and whether the
    certificate was revoked.
    """
    judge(
        certificate.valid_name,
        note=f"{certificate.address} presented a certificate of {certificate.issuer}{certificate.hint}",
    )


@pytest.mark.fact("public.certificate_days")
def test_certificate_days(judge: Judge, certificate: Certificate) -> None:
    """The certificate ends soon, or has ended: its renewal failed.

    Usually a CAA record forbids the issuer, or the domain's validation hangs.

    Not seen here: what other addresses of the name present than the first that takes a connection.
    """
    judge(certificate.days_left, note=f"it ends on {certificate.not_after}")


@pytest.mark.fact("public.tls")
def test_tls(judge: Judge, certificate: Certificate) -> None:
    """The connection is encrypted with a version that is broken.

    Where the zone's minimum is high enough, something other than Cloudflare's edge answers.

    Not seen here: older versions that the edge would grant to other clients; it chose this one with this machine.
    """
    judge(certificate.tls, note=f"negotiated with {certificate.address}")


@pytest.mark.fact("public.answers")
def test_answers(judge: Judge, token_probe: Probe, run: Run) -> None:
    """The documented request, sent with the service token, is not answered as documented. The note says who answered.

    Or it is answered otherwise where curl or a browser is named as the program that sends it.

    Access: see the checks of access. A refusal from behind the edge: the service may not know the Host header that
    it is sent, see tunnel.http_host_header. 502 or 530: see the checks of cloudflared and tunnel. Else a rule of the
    zone.

    Not seen here: what the answer says; see public.models_as_on_host and public.generates.
    """
    from spark_conformance.https.access_probes import AgentProbes, agent_probes

    seen = token_probe.exchange
    same = (seen.path, seen.status) == (judge.expect.path, judge.expect.status)
    others = run.get(agent_probes) if same else AgentProbes({})
    for name, probe in others.probes.items():
        judge.show(f"as {name}", probe.told)
    unlike = others.unlike(token_probe)
    told = "".join(f", as {name} status {probe.exchange.status}" for name, probe in unlike.items())
    note = "; ".join([token_probe.told, *(f"as {name}: {probe.told}" for name, probe in unlike.items())])
    judge(f"path {seen.path}, status {seen.status}{told}", ok=same and not unlike, note=note)


@pytest.mark.fact("public.models_as_on_host")
def test_models_as_on_host(judge: Judge, public_tags: PublicTags, ollama_models: OllamaModels) -> None:
    """The host name shows other models than Ollama on the host does: it leads to another machine or service.

    Not seen here: another machine with the very same models, or with none where the host has none; see
    tunnel.connector_on_host.
    """
    from spark_conformance.https.comparison import compare

    same, note = compare(public_tags.models, ollama_models.models)
    judge(same, note=note)


@pytest.mark.fact("public.generates")
def test_generates(judge: Judge, public_generation: Generation) -> None:
    """No streamed answer of the documented model comes through.

    Where the note tells of an error or a cut, and the same works on the host, tunnel or edge break the stream.
    Where another model answered, the documented one is not served. Where the tokens came at once, something on the
    way gathers them, as a proxy does that buffers: clients wait, and a long answer is cut (524).

    Not seen here: a stream that is gathered, where the model takes less than a second for the few tokens asked for.
    """
    judge(public_generation.answered, note=public_generation.told)


@pytest.mark.fact("public.first_token_s")
def test_first_token(judge: Judge, public_generation: Generation) -> None:
    """Clients wait too long for the first token, near the limit at which the edge gives up (524).

    Usually the model had to be loaded first: see ollama.gpu_share and host.memory_available_gib.

    Not seen here: longer prompts, and other times of the day: it is one short request.
    """
    judge(public_generation.first_token_s, note=public_generation.told)


@pytest.mark.fact("public.chunk_gap_s")
def test_chunk_gap(judge: Judge, public_generation: Generation) -> None:
    """The stream pauses so long between two chunks that the edge may cut it.

    The model runs on the CPU (ollama.gpu_share), others use it at the same time, or connections of the tunnel come
    and go.

    Not seen here: pauses of longer answers than the few tokens asked for.
    """
    judge(public_generation.longest_pause_s, note=public_generation.told)


@pytest.mark.fact("probes.*")
def test_probe(judge: Judge, public_probes: PublicProbes, run: Run) -> None:
    """The request is not answered as documented; the note says who answered it: the edge, Access, or what is behind.

    No login page where there should be one: no application covers this name and path, or a policy lets requests of this
    machine pass. A login page where there should be none: Access stands before what is meant to be public, or the
    headers that were sent admit nobody. 502 or 530: see the checks of cloudflared and tunnel. Another answer of the
    service's own: see which rule such a request meets.

    Not seen here: what other requests, and requests from other places than this machine, are answered.
    """
    from spark_conformance.https.probe_answers import compared
    from spark_conformance.outside.login import login_team

    seen = public_probes.of(judge.id.partition(".")[2])
    found = compared(seen, judge.expect, login_team(run) if judge.expect.login else "")
    judge(found.observed, ok=not found.wrong, note=seen.probe.told)
