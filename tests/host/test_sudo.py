"""What the SSH user may do as root."""

from fixtures.host.sudo import sudo_rights
from tests.host.stubs import StubHost, run_on

COMMANDS = ("systemctl daemon-reload", "systemctl restart cloudflared", "rm -rf '/a b'", "echo 'never closed")


def test_each_command_is_asked_about_and_none_is_run(stub: StubHost) -> None:
    stub.command(
        "sudo",
        '[ "$1 $2 $3" = "-n -l --" ] || exit 9\n'
        'case "$*" in *restart*) echo "Sorry, not allowed" >&2; exit 1 ;; esac\n'
        '[ "$4" != rm ] || [ "$6" = "/a b" ] || exit 8',
    )
    seen = run_on(stub, host__sudo=list(COMMANDS)).get(sudo_rights)
    assert seen.refused == ("systemctl restart cloudflared",)
    assert seen.allowed == (COMMANDS[0], COMMANDS[2], COMMANDS[3])
    assert seen.said == "Sorry, not allowed"
    assert len(stub.backend.ahead) == len(COMMANDS)


def test_a_password_that_is_asked_for_is_a_refusal(stub: StubHost) -> None:
    seen = run_on(stub).get(sudo_rights)
    assert seen.allowed == ()
    assert seen.said == "sudo: a password is required"


def test_a_host_without_sudo(stub: StubHost) -> None:
    stub.command("sudo", "exit 127")
    assert run_on(stub).get(sudo_rights).said == "there is no sudo"


def test_no_word_reaches_the_shell_unquoted(stub: StubHost) -> None:
    run_on(stub, host__sudo=["$(touch x); `id` && true"]).get(sudo_rights)
    assert stub.backend.commands == ["sudo -n -l -- '$(touch' 'x);' '`id`' '&&' true"]
