import ast

import yaml

from tests.benchmarks.others import deploy, play

COMMANDS = ["systemctl show 'a b' --property=Id", "grep -c '{{ x }}' /etc/\"a\"\\n || :", "cat <<E\ntrue\nE"]


def test_ansible_is_given_each_command_as_it_stands() -> None:
    [book] = yaml.safe_load(play(COMMANDS).replace(" !unsafe ", " "))
    assert play(COMMANDS).count(" !unsafe ") == len(COMMANDS)  # Ansible's tag for a text that is no template
    assert book["tasks"][0]["loop"] == COMMANDS


def test_pyinfra_is_given_each_command_as_one_that_cannot_fail() -> None:
    [loop] = [node for node in ast.parse(deploy(COMMANDS)).body if isinstance(node, ast.For)]
    assert ast.literal_eval(loop.iter) == [f"{{ {command}\n}} || true" for command in COMMANDS]
