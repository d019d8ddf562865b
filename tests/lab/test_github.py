"""The GitHub stand-in."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from spark_lab.github import GithubWorld, healthy, serve

TOKEN = "canary-github-token"
HOME = "/repos/goldfish/infrastructure"


@asynccontextmanager
async def github(directory: Path) -> AsyncIterator[tuple[GithubWorld, httpx.AsyncClient]]:
    world = healthy("goldfish/infrastructure", TOKEN, directory)
    server = await serve(world)
    headers = {"authorization": f"Bearer {TOKEN}"}
    try:
        async with httpx.AsyncClient(base_url=server.url, headers=headers, trust_env=False, timeout=60) as client:
            yield world, client
    finally:
        await server.close()


def test_a_healthy_repository(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with github(tmp_path) as (world, client):
            secrets = (await client.get(f"{HOME}/actions/secrets")).json()
            assert [secret["name"] for secret in secrets["secrets"]] == ["PULUMI_CONFIG_PASSPHRASE"]
            assert set(secrets["secrets"][0]) == {"name", "created_at", "updated_at"}
            (runner,) = (await client.get(f"{HOME}/actions/runners")).json()["runners"]
            assert runner["status"] == "online"
            assert {"self-hosted", "spark"} <= {label["name"] for label in runner["labels"]}
            workflow = (await client.get(f"{HOME}/actions/workflows/spark-ollama.yml")).json()
            assert workflow["state"] == "active"
            runs = await client.get(f"{HOME}/actions/workflows/spark-ollama.yml/runs", params={"per_page": 1})
            assert runs.json()["workflow_runs"][0]["conclusion"] == "success"
            world.runners[1]["status"] = "offline"
            assert (await client.get(f"{HOME}/actions/runners")).json()["runners"][0]["status"] == "offline"
            assert world.requests[0] == f"GET {HOME}/actions/secrets"

    asyncio.run(scenario())


def test_refusals(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with github(tmp_path) as (world, client):
            bad = await client.get(HOME, headers={"authorization": "Bearer nope"})
            assert (bad.status_code, bad.json()["message"]) == (401, "Bad credentials")
            del client.headers["authorization"]
            assert (await client.get(f"{HOME}/actions/secrets")).status_code == 404
            client.headers["authorization"] = f"Bearer {TOKEN}"
            assert (await client.get("/repos/goldfish/other/actions/secrets")).status_code == 404
            assert (await client.get(f"{HOME}/actions/workflows/other.yml/runs")).status_code == 404
            assert (await client.get("/nothing")).json()["status"] == "404"
            world.tokens[TOKEN].permissions.discard("administration")
            refused = await client.get(f"{HOME}/actions/runners")
            assert (refused.status_code, refused.json()["message"]) == (
                403,
                "Resource not accessible by personal access token",
            )
            assert refused.headers["x-accepted-github-permissions"] == "administration=read"

    asyncio.run(scenario())


def test_rate_limits(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with github(tmp_path) as (world, client):
            world.limit.remaining = 1
            assert (await client.get(HOME)).headers["x-ratelimit-remaining"] == "0"
            exceeded = await client.get(HOME)
            assert exceeded.status_code == 403
            assert exceeded.json()["message"].startswith("API rate limit exceeded")
            assert (await client.get("/rate_limit")).json()["rate"]["remaining"] == 0
            world.limit.retry_after = 7
            secondary = await client.get(HOME)
            assert (secondary.status_code, secondary.headers["retry-after"]) == (429, "7")

    asyncio.run(scenario())


def test_files_and_directories(tmp_path: Path) -> None:
    async def scenario() -> None:
        (tmp_path / "repository/docs").mkdir(parents=True)
        (tmp_path / "repository/docs/a.md").write_text("one\n")
        (tmp_path / "outside").write_text("two\n")
        async with github(tmp_path / "repository") as (_, client):
            found = (await client.get(f"{HOME}/contents/docs/a.md")).json()
            assert base64.b64decode(found["content"]) == b"one\n"
            assert found["sha"] == "5626abf0f72e58d7a153368ba57db4c673c0e171"
            raw = await client.get(f"{HOME}/contents/docs/a.md", headers={"accept": "application/vnd.github.raw+json"})
            assert raw.text == "one\n"
            assert [entry["path"] for entry in (await client.get(f"{HOME}/contents/docs")).json()] == ["docs/a.md"]
            assert (await client.get(f"{HOME}/contents/%2e%2e/outside")).status_code == 404

    asyncio.run(scenario())


def test_pages(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with github(tmp_path) as (world, client):
            for number in range(250):
                world.secrets[f"S{number:03}"] = {"name": f"S{number:03}", "created_at": "", "updated_at": ""}
            names: list[str] = []
            url = f"{HOME}/actions/secrets?per_page=100"
            while url:
                page = await client.get(url)
                names += [secret["name"] for secret in page.json()["secrets"]]
                url = page.links.get("next", {}).get("url", "")
            assert len(names) == len(set(names)) == 251

    asyncio.run(scenario())
