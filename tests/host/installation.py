"""An installation of cloudflared's service on a stub host: its files, what systemd has loaded, what runs."""

from pathlib import Path

from spark_conformance.host.process import Process, connector_process
from spark_conformance.host.token_files import cloudflared_token_files
from spark_conformance.host.units import cloudflared_unit, parse
from tests.host.stubs import StubHost, given, run_on

HANDS_ON = (
    "[Service]\nExecStart=/bin/sh -c 'TUNNEL_TOKEN=\"$$CLOUDFLARE_TUNNEL_TOKEN\" exec /usr/bin/cloudflared run'\n"
)


class Installation:
    """A unit's files in a directory, and the run that looks at them."""

    def __init__(self, stub: StubHost, directory: Path) -> None:
        self.directory, self.stub = directory, stub
        stub.prints("systemctl", "User=")
        self.unit, self.drop_in = directory / "cloudflared.service", directory / "override.conf"
        self.write("cloudflared.service", HANDS_ON, 0o644)
        self.config = directory / "config.yml"
        self.run = run_on(
            stub,
            cloudflared__unit=str(self.unit),
            cloudflared__drop_in=str(self.drop_in),
            target__host={"cloudflared_configs": [str(self.config)]},
        )
        self.active(0)

    def write(self, name: str, text: str, mode: int = 0o600) -> Path:
        path = self.directory / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def environment(self, value: str, name: str = "CLOUDFLARE_TUNNEL_TOKEN", mode: int = 0o600) -> None:
        self.write("override.conf", f'[Service]\nEnvironment="{name}={value}"\n', mode)

    def active(self, pid: int, state: str = "active") -> None:
        shown = f"LoadState=loaded\nActiveState={state}\nSubState=x\nFragmentPath={self.unit}\nMainPID={pid}"
        given(self.run, cloudflared_unit, parse(shown, "cloudflared.service"))

    def loaded(self, command: str, *more: str, state: str = "inactive", reload: str = "no") -> None:
        """Let systemd have loaded a service that starts a command, as `systemctl show` prints it."""
        program = command.partition(" ")[0]
        rest = "ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }"
        start = f"ExecStart={{ path={program} ; argv[]={command} ; {rest}"
        self.stub.prints("systemctl", "\n".join((start, *more)))
        files = f"FragmentPath={self.unit}\nDropInPaths={self.drop_in}\nNeedDaemonReload={reload}\nMainPID=7"
        shown = f"LoadState=loaded\nActiveState={state}\n{files}"
        given(self.run, cloudflared_unit, parse(shown, "cloudflared.service"))

    def runs(self, *words: str, environment: dict[str, str] | None = None, age_s: float | None = 100) -> None:
        given(self.run, connector_process, Process(7, words, environment, age_s))

    def files(self) -> dict[str, str]:
        """The files with the token, by their names, and their modes."""
        seen = self.run.get(cloudflared_token_files)
        return {file.path.rpartition("/")[2]: file.mode for file in seen.files}
