"""`python -m tests.docs`: write docs/facts and docs/causes anew, and remove the pages of what is no more."""

from tests.docs.pages import DOCS, pages


def main() -> None:
    made = {DOCS / name: text for name, text in pages().items()}
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for path in {file for folder in ("facts", "causes") for file in (DOCS / folder).glob("*.md")} - made.keys():
        path.unlink()
    print(f"{len(made)} pages in {DOCS.name}/")


if __name__ == "__main__":
    main()
