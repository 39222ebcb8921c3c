"""Parts of what was written, for who has the rest already."""


def section(markdown: str, heading: str) -> str | None:
    """What stands under the heading that begins with ``heading``, the heading included.

    None where there is none. What people typed is no heading, however much it looks like one.
    """
    found: list[str] = []
    fence = ""
    within = False
    for line in markdown.splitlines():
        bare = line.strip()
        if fence:
            fence = "" if bare == fence else fence
        elif bare.startswith("```"):
            fence = bare
        elif line.startswith("## "):
            within = line.startswith(f"## {heading}")
        if within:
            found.append(line)
    return "\n".join(found).strip() or None
