"""`python -m tests.docs`: write docs/facts, docs/causes and the schema of facts files anew, and remove stale pages."""

from spark_conformance.facts import schema
from tests.docs.pages import DOCS, pages


def main() -> None:
    made = {DOCS / name: text for name, text in pages().items()}
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for path in {file for folder in ("facts", "causes") for file in (DOCS / folder).glob("*.md")} - made.keys():
        path.unlink()
    schema.FILE.write_text(schema.text())
    print(f"{len(made)} pages in {DOCS.name}/")


if __name__ == "__main__":
    main()
