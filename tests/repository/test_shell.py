"""What a shell script runs, and what only stands in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.repository.shell import commands, expressions

RUNS = "systemctl restart cloudflared"


def runs(script: str) -> list[str]:
    return [" ".join(command.words) for command in commands(script) if command.words]


@pytest.mark.parametrize("script", [
    RUNS, f"sudo -n {RUNS}", f"sudo -u root -E {RUNS} # now", f"if ! sudo {RUNS}; then exit 1; fi", f"A=1 B=2 {RUNS}",
    f"timeout 30 {RUNS}", f"timeout -k 5 30 nice -n 5 {RUNS}", f"x && {RUNS} || y", f"x & {RUNS}", f"( cd x; {RUNS} )",
    f"bash -euc '{RUNS}'", f'sudo sh -c "x; {RUNS}"', f"su - root -c '{RUNS}'", f'eval "{RUNS}"',
    f"ssh -i key -o X=y spark {RUNS}", f"ssh spark 'sudo {RUNS}'", f"ssh spark <<'END'\nx\nsudo {RUNS}\nEND\n",
    f"ssh spark sudo bash -s <<-END\n\t{RUNS}\n\tEND\n", f"sudo bash <<EOF\n{RUNS}\nEOF", f"bash <<< '{RUNS}'",
    f"echo '{RUNS}' | sudo sh", f"echo {RUNS} | ssh spark", f"x=$({RUNS})", f'echo "it said $({RUNS})"', f"`{RUNS}`",
    "systemctl \\\n  restart \\\n  cloudflared", "systemctl restart 'cloudflared'", f"cat <<A <<B\na\nA\nb\nB\n{RUNS}",
    f"echo 'a #' && {RUNS}", f"x 2>/dev/null; {RUNS} >/dev/null 2>&1", f"x &>log\n{RUNS}", f"while x; do {RUNS}; done",
    f'bash -c "ssh spark \'{RUNS}\'"', f"echo a{{#,b}}; {RUNS}", f"{RUNS}\r\n",
])  # fmt: skip
def test_what_runs(script: str) -> None:
    assert RUNS in runs(script)


@pytest.mark.parametrize("script", [
    f"# {RUNS}", f"x # {RUNS}", f"x\n   # {RUNS}", f"echo '{RUNS}'", f"echo {RUNS}", f'echo "{RUNS}" >> notes',
    f"printf '%s\\n' '{RUNS}' | tee notes", f"cat <<EOF\n{RUNS}\nEOF", f"cat <<'EOF' > run.sh\n{RUNS}\nEOF\ntrue",
    f"git commit -m '{RUNS}'", f": '{RUNS}'", f"x='{RUNS}'", f"bash run.sh <<EOF\n{RUNS}\nEOF", "systemctl restart",
    f"ssh spark cat <<EOF\n{RUNS}\nEOF", f"echo '\n{RUNS}\n'", f"echo '{RUNS}' | bash -x run.sh",
])  # fmt: skip
def test_what_only_stands_there(script: str) -> None:
    assert RUNS not in runs(script)


@pytest.mark.parametrize(("script", "used"), [
    ("probe ${{ inputs.skip }}", True), ('[ "${{ inputs.skip }}" = true ] || probe', True),
    ("SKIP=${{ inputs.skip }}", True), ("if [[ ${{ !inputs.skip }} == true ]]; then probe; fi", True),
    ('echo "skip=${{ inputs.skip }}" >> "$GITHUB_OUTPUT"', True), ("echo ${{ inputs.skip }} | probe", True),
    ("cat <<EOF > settings\nskip=${{ inputs.skip }}\nEOF", True), ("x=$(probe ${{ inputs.skip }})", True),
    ("# ${{ inputs.skip }}", False), ("probe # ${{ inputs.skip }}", False), ("echo skip: ${{ inputs.skip }}", False),
    ('echo "::notice::${{ inputs.skip }}"', False), ('echo "${{ inputs.skip }}" >&2', False),
    ('echo "${{ inputs.skip }}" >> $GITHUB_STEP_SUMMARY', False), ("cat <<EOF\n${{ inputs.skip }}\nEOF", False),
])  # fmt: skip
def test_which_expressions_are_used(script: str, used: bool) -> None:
    assert any("inputs.skip" in expression for expression in expressions(script)) is used


def test_what_a_command_writes_is_told() -> None:
    [command] = commands("cat a > /etc/systemd/system/a.service 2>err")
    assert command.written == ("/etc/systemd/system/a.service", "err")


@given(st.text("ab \\'\"`$(){}<>|&;#\n-EOF", max_size=40))
def test_any_text_is_read_to_its_end(script: str) -> None:
    assert all(command is not None for command in commands(script))
