"""Checks of the connector: its program, its unit, its token, its connections, and what it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from spark_conformance.core.judging import Judge
    from spark_conformance.core.run import Run
    from spark_conformance.host.binary import Binary, BinaryVersion
    from spark_conformance.host.connector import ConfigVersions, Connector
    from spark_conformance.host.containers import Container
    from spark_conformance.host.drop_ins import DropIns
    from spark_conformance.host.installed_token import InstalledToken, TokenInArgv, TokenInUse, TokenVariables
    from spark_conformance.host.journal import ConnectorJournal
    from spark_conformance.host.local_config import LocalConfig
    from spark_conformance.host.local_tunnel import ConfigFile, TunnelCredentials
    from spark_conformance.host.recent import Recent
    from spark_conformance.host.service_state import ServiceState
    from spark_conformance.host.shown import TokenShown
    from spark_conformance.host.token_files import TokenFiles
    from spark_conformance.host.token_matches import TokenMatch
    from spark_conformance.host.unit_copy import UnitCopy
    from spark_conformance.host.units import Unit


@pytest.mark.fact("cloudflared.container")
def test_container(judge: Judge, cloudflared_container: Container) -> None:
    """There is no container of this name, and no Compose service: it was removed, or made under another name.

    Not seen here: what it runs; see cloudflared.image and cloudflared.active.
    """
    seen = cloudflared_container
    judge(seen.service if judge.expect == seen.service else seen.name, note=seen.state)


@pytest.mark.fact("cloudflared.image")
def test_image(judge: Judge, cloudflared_container: Container) -> None:
    """The container runs another image: an update without a new container, or somebody else's build.

    Not seen here: what the name stands for by now: a tag such as `latest` names what it was when the container was
    made, and cloudflared.version tells which that is.
    """
    from spark_conformance.host.containers import whole_image

    seen = cloudflared_container.image
    judge(seen, ok=whole_image(seen) == whole_image(judge.expect))


@pytest.mark.fact("cloudflared.binary")
def test_binary(judge: Judge, cloudflared_binary: Binary) -> None:
    """The unit starts a program that is not the documented one, or that is not there.

    Updates of the documented one then have no effect. A name without a path is looked up in the service's PATH; behind
    a wrapper, what its process executes counts.

    Not seen here: what the program at this path is; see cloudflared.version.
    """
    judge(cloudflared_binary.path)


@pytest.mark.fact("cloudflared.executable")
def test_executable(judge: Judge, cloudflared_binary: Binary) -> None:
    """The service's user may not execute the program.

    Not seen here: access control lists, a closed directory on the way, a filesystem mounted `noexec`, and a program for
    another processor.
    """
    judge(cloudflared_binary.executable, note=f"mode {cloudflared_binary.mode}, of {cloudflared_binary.owner}")


@pytest.mark.fact("cloudflared.version")
def test_version(judge: Judge, cloudflared_version: BinaryVersion) -> None:
    """The cloudflared that is installed, or the one that runs, is out of support, or does not say its version.

    A running process stays the old one until the service restarts. Its version is what its own metrics say; where no
    metrics server answers, the installed one's alone is judged.

    Not seen here: whether the program is Cloudflare's own build: it is its own word that counts.
    """
    seen = cloudflared_version
    judge(seen.named, ok=all(map(judge.expect.admits, seen.known)), note=seen.told)


@pytest.mark.fact("cloudflared.unit")
def test_unit(judge: Judge, cloudflared_unit: Unit) -> None:
    """Systemd runs the unit from a file that deployments do not write, so what they install has no effect.

    Not seen here: what stands in it (cloudflared.unit_in_repository), and what drop-ins change (cloudflared.drop_in).
    """
    judge(cloudflared_unit.fragment)


@pytest.mark.fact("cloudflared.unit_in_repository")
def test_unit_in_repository(judge: Judge, cloudflared_unit_copy: UnitCopy) -> None:
    """The unit on the host is not the repository's: somebody edited it there, or a deployment is still to come.

    The next deployment overwrites it. Not seen here: drop-ins that change it (cloudflared.drop_in), text that
    systemd has yet to read (cloudflared.reload_pending), and whether the checkout is what was deployed.
    """
    copy = cloudflared_unit_copy
    judge(copy.in_repository if copy.same else "another text", note=copy.told)


@pytest.mark.fact("cloudflared.drop_in")
def test_drop_in(judge: Judge, cloudflared_drop_ins: DropIns) -> None:
    """Systemd has not loaded the drop-in with which deployments set the token, or another drop-in decides what runs.

    Another one decides where it starts programs, or sets their user or libraries. Not seen: what a file holds that
    another drop-in names (`EnvironmentFile=`); the token in it has facts of its own.
    """
    seen = cloudflared_drop_ins
    loaded = f"loaded: {', '.join(seen.loaded) or 'no drop-in'}"
    if judge.expect in seen.loaded and seen.deciding:
        judge(seen.loaded, ok=False, note=seen.told)
    else:
        judge(judge.expect if judge.expect in seen.loaded else seen.loaded, note=loaded)


@pytest.mark.fact("cloudflared.reload_pending")
def test_reload_pending(judge: Judge, cloudflared_unit: Unit) -> None:
    """The unit's files were changed after systemd read them: what runs is not what they say.

    Not seen here: a file that was replaced by an older one (`cp -p`, `rsync -t`), which systemd does not notice, and
    whether the service was started anew after a reload.
    """
    judge(cloudflared_unit.reload_pending)


@pytest.mark.fact("cloudflared.enabled")
def test_enabled(judge: Judge, connector_state: ServiceState) -> None:
    """The tunnel will not come back after a reboot.

    Not seen: whether what it waits for at boot comes up; of a container, whether docker itself does.
    """
    judge(connector_state.enabled, note=connector_state.comes_back)


@pytest.mark.fact("cloudflared.active")
def test_active(judge: Judge, connector_state: ServiceState) -> None:
    """The connector does not run; where no other serves the tunnel, the public name answers 530.

    A wrong or empty token is the usual reason.

    Not seen: whether it is connected, which cloudflared.ready_connections is about.
    """
    judge(connector_state.runs, note=connector_state.told)


@pytest.mark.fact("cloudflared.restarts")
def test_restarts(judge: Judge, cloudflared_restarts: Recent) -> None:
    """The connector keeps dying and being started again.

    Not seen: restarts by hand, by a timer, and those before the last boot or reset, which neither systemd nor docker
    counts. Those
    that are longer ago than the fact's hours (24) are over, and do not count.
    """
    judge(cloudflared_restarts.recent, note=cloudflared_restarts.told)


@pytest.mark.fact("cloudflared.token_variable")
def test_token_variable(judge: Judge, cloudflared_token_variables: TokenVariables) -> None:
    """The token is not where deployments write it: the next one has no effect, or sets a second token.

    A variable counts only where another value in it would make another token: one beside --token-file has no effect.

    Not seen here: the same variable elsewhere, as in another unit or a login's environment, which the service does not
    get.
    """
    found = cloudflared_token_variables.names
    note = f"the token's place: {cloudflared_token_variables.place}"
    judge(judge.expect if judge.expect in found else found, note=note)


@pytest.mark.fact("cloudflared.token_present")
def test_token_present(judge: Judge, cloudflared_token: InstalledToken) -> None:
    """The service has no token, or a string that is not one: the documented quoted heredoc installs an empty one.

    Not seen here: whether Cloudflare takes it, as it is judged by its form; see cloudflared.token_matches_api.
    """
    judge(cloudflared_token.valid, note=cloudflared_token.told)


@pytest.mark.fact("cloudflared.token_tunnel")
def test_token_tunnel(judge: Judge, cloudflared_valid_token: InstalledToken) -> None:
    """The installed token is of another tunnel: the connector is healthy there, and the documented tunnel is down.

    Not seen here: whether the secret in it is that tunnel's; see cloudflared.token_matches_api.
    """
    judge(cloudflared_valid_token.tunnel)


@pytest.mark.fact("cloudflared.token_account")
def test_token_account(judge: Judge, cloudflared_token_account: TokenMatch) -> None:
    """The installed token belongs to another Cloudflare account than the zone: records cannot point to its tunnel.

    Not seen here: whether Cloudflare takes the token; see cloudflared.token_matches_api.
    """
    judge(cloudflared_token_account.same, note=cloudflared_token_account.told)


@pytest.mark.fact("cloudflared.token_matches_esc")
def test_token_matches_esc(judge: Judge, cloudflared_token_esc: TokenMatch) -> None:
    """The next deployment would install a token that is not the one in use.

    Not seen here: whether Cloudflare takes it (cloudflared.token_matches_api), and whether deployments read this stack.
    """
    judge(cloudflared_token_esc.same, note=cloudflared_token_esc.told)


@pytest.mark.fact("cloudflared.token_matches_api")
def test_token_matches_api(judge: Judge, cloudflared_token_api: TokenMatch) -> None:
    """The token was rotated at Cloudflare: the connector keeps running, but its next start will be refused.

    Not seen here: who else has the token; see tunnel.connector_on_host.
    """
    judge(cloudflared_token_api.same, note=cloudflared_token_api.told)


@pytest.mark.fact("cloudflared.token_in_use")
def test_token_in_use(judge: Judge, cloudflared_token_in_use: TokenInUse) -> None:
    """The process does not run with the installed token: it started earlier, or its unit does not pass the token on.

    Not seen here: whether Cloudflare takes it; see cloudflared.token_matches_api.
    """
    judge(cloudflared_token_in_use.same, note=cloudflared_token_in_use.told)


@pytest.mark.fact("cloudflared.token_mode")
def test_token_mode(judge: Judge, cloudflared_token_files: TokenFiles) -> None:
    """Others on the host may read the tunnel's token, or change it. Whoever could read it may have.

    A copy beside the file counts (`override.conf.bak`). Not seen: copies elsewhere, access control lists, who may
    write the directory.
    """
    seen = cloudflared_token_files
    file = seen.loosest
    told = (f"{file.mode}, {file.owner}'s" if file.strange else file.mode) if file else "in no file"
    judge(told, ok=file is not None and not file.looser(judge.expect), note=file.told if file else seen.place)


@pytest.mark.fact("cloudflared.token_hidden")
def test_token_hidden(judge: Judge, cloudflared_token_shown: TokenShown) -> None:
    """Systemd shows the token to every user of the host, whatever the mode of the file that it stands in.

    So it does with every `Environment=`, the documented one too.

    Not seen here: the file's mode (cloudflared.token_mode), the process list (cloudflared.token_in_argv), and what
    stands in logs.
    """
    shown = cloudflared_token_shown
    judge(not shown.settings, note=shown.told)


@pytest.mark.fact("cloudflared.token_in_argv")
def test_token_in_argv(judge: Judge, cloudflared_token_in_argv: TokenInArgv) -> None:
    """The token is in the process list, for every user of the host to read.

    Not seen here: processes that are not the service's, or have ended, and the histories of shells.
    """
    judge(cloudflared_token_in_argv.in_argv, note=f"process {cloudflared_token_in_argv.pid}")


@pytest.mark.fact("cloudflared.registered")
def test_registered(judge: Judge, cloudflared_journal: ConnectorJournal) -> None:
    """Since its start the connector has not registered all of its connections.

    Not seen here: what was lost since; see cloudflared.ready_connections.
    """
    judge(len(cloudflared_journal.latest), note=f"in invocation {cloudflared_journal.invocation}")


@pytest.mark.fact("cloudflared.connection_indexes")
def test_connection_indexes(judge: Judge, cloudflared_journal: ConnectorJournal) -> None:
    """One of the connections never registered since the start, whatever the number of lines says.

    Not seen here: connections that were lost since; see cloudflared.ready_connections.
    """
    judge(tuple(cloudflared_journal.latest))


@pytest.mark.fact("cloudflared.protocol")
def test_protocol(judge: Judge, cloudflared_journal: ConnectorJournal) -> None:
    """The connector uses another protocol to the edge, or several: it fell back, or --protocol in the unit says so.

    It does not come back to QUIC by itself.

    Not seen here: what the unit says by now, which the next start follows.
    """
    judge(cloudflared_journal.protocols)


@pytest.mark.fact("cloudflared.ready_connections")
def test_ready_connections(judge: Judge, connector: Connector) -> None:
    """Right now the connector has fewer connections to the edge than it should, or does not say.

    Where neither process nor journal names the address of its metrics, the first usual port that answers counts, which
    may be a second cloudflared's.

    Not seen here: whose tunnel they are of (cloudflared.token_tunnel), and whether requests come through them
    (public.answers).
    """
    judge(connector.ready_connections, note=f"asked at {connector.address}/ready")


@pytest.mark.fact("cloudflared.config_is_current")
def test_config_is_current(judge: Judge, cloudflared_config_versions: ConfigVersions) -> None:
    """The connector runs an older configuration than Cloudflare has: it refused the new one, or lost contact.

    Not seen here: what the configuration says (tunnel.ingress), and what other connectors than the host's run.
    """
    seen = cloudflared_config_versions
    running = "no version" if seen.running is None else f"version {seen.running}"
    judge(seen.same, note=f"it runs {running}, Cloudflare has version {seen.current}")


@pytest.mark.fact("cloudflared.config_ingress")
def test_config_ingress(judge: Judge, run: Run, connector: Connector) -> None:
    """The connector sends requests for the public name to a service that is not the documented one, or to none.

    Not seen here: what other names and paths meet than those of the documented request.
    """
    from spark_conformance.host.connector import as_fact
    from spark_conformance.https.route import probe_path

    told = connector.config.told if connector.config else "/config says nothing"
    judge(as_fact(connector.rule_for(run.system.hostname, probe_path(run))), note=told)


@pytest.mark.fact("cloudflared.local_config")
def test_local_config(judge: Judge, cloudflared_local_config: LocalConfig) -> None:
    """A configuration file on the host takes effect beside the tunnel's configuration at Cloudflare.

    Whatever it sets counts, but for logs, metrics and updates. Not seen: what flags and variables of the unit set
    (`--protocol`, `TUNNEL_EDGE_BIND_ADDRESS`).
    """
    judge(cloudflared_local_config.in_force, note=cloudflared_local_config.told)


@pytest.mark.fact("cloudflared.config_file")
def test_config_file(judge: Judge, cloudflared_config_file: ConfigFile) -> None:
    """Another configuration file counts than the documented one: it is the first of the usual places, or is named.

    Not seen here: whether the process has read what stands there by now: it reads it when it starts.
    """
    judge(cloudflared_config_file.path, note=cloudflared_config_file.told)


@pytest.mark.fact("cloudflared.config_mode")
def test_config_mode(judge: Judge, cloudflared_config_file: ConfigFile) -> None:
    """Others on the host may write, or read, the tunnel's rules.

    Not seen: access control lists, who may write the directory.
    """
    from spark_conformance.host.files import looser

    seen = cloudflared_config_file
    judge(seen.mode, ok=not looser(seen.mode, judge.expect), note=seen.told)


@pytest.mark.fact("cloudflared.config_tunnel")
def test_config_tunnel(judge: Judge, cloudflared_config_file: ConfigFile) -> None:
    """The configuration is another tunnel's. An argument after `run` counts before it.

    Not seen here: whether the process has read what stands there by now: it reads it when it starts.
    """
    judge(cloudflared_config_file.tunnel, note=cloudflared_config_file.told)


@pytest.mark.fact("cloudflared.credentials_file")
def test_credentials_file(judge: Judge, cloudflared_credentials: TunnelCredentials) -> None:
    """The tunnel's credentials are not there, are none, or come from another place: the next start may fail.

    Not seen here: whether Cloudflare takes them: that shows at the next start.
    """
    judge(cloudflared_credentials.path, note=cloudflared_credentials.told)


@pytest.mark.fact("cloudflared.credentials_mode")
def test_credentials_mode(judge: Judge, cloudflared_credentials: TunnelCredentials) -> None:
    """Others on the host may read the tunnel's secret, or change it. Whoever could read it may have.

    Not seen: copies elsewhere, access control lists, who may write the directory.
    """
    from spark_conformance.host.files import looser

    seen = cloudflared_credentials
    judge(seen.mode, ok=not looser(seen.mode, judge.expect), note=seen.told)


@pytest.mark.fact("cloudflared.credentials_tunnel")
def test_credentials_tunnel(judge: Judge, cloudflared_credentials: TunnelCredentials) -> None:
    """The credentials are another tunnel's: cloudflared serves that one, or does not start.

    Not seen here: whether the secret in them is that tunnel's.
    """
    judge(cloudflared_credentials.tunnel, note=cloudflared_credentials.told)
