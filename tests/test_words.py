"""The words: one word for each thing, and it is the field's.  Retired words stay retired."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

#: Words and phrases that nothing says any more; whole words, any case.
RETIRED = re.compile(
    r"\b(?:gist|figures|troubles?|grave|census|doubt|UpstreamLied|lying|left alone|resting|patience|overtak\w*|unannounced"
    r"|is_costly|take_out|distrust|hurry|inbox|upkeep|carried|whoever|nobody|somebody|is told|are told|was asked|is asked"
    r"|moment|whole number|what there is|no JSON|the one thing to know|mood|happening|laptop)\b",
    re.IGNORECASE,
)

#: In what users read: spelling of the United States.
SPELLING = re.compile(r"\b(?:licence|cancelled|colour\w*|recognise\w*|misspelt)\b", re.IGNORECASE)

#: In what users read: names of services and of Rawhide begin with a capital.
LOWER = re.compile(r"(?<![\w./`\"'<>=:@-])(?:koji|bodhi|bugzilla|rawhide)(?![\w./:=\"'-])")

#: (path, line or a part of it) -> why a retired word stands there.
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("docs/api.rst", "overtaken"): "clients know this outcome of a check",
    ("fedora_packages/web/api/endpoints.py", "overtaken"): "clients know this outcome of a check",
    ("fedora_packages/web/api/values.py", "overtaken"): "clients know this outcome of a check",
    ("fedora_packages/web/api/packages.py", "gist"): "clients know this field",
    ("fedora_packages/messages/timeline.py", "gist"): "streams that an earlier release wrote have this field",
    ("fedora_packages/sandbox/cli.py", "mood"): "this name of a command is still accepted",
    ("fedora_packages/connectors/query.py", "rawhide"): "names of branches",
    ("fedora_packages/web/api/schemas.py", "koji, bodhi"): "names of upstreams as values",
}

TEXTS = sorted(
    path
    for pattern in (
        "fedora_packages/**/*",
        "*.ini",
        "README.rst",
        "docs/*.rst",
        "fedmsg.d/*.py",
        "Makefile",
        "setup.py",
    )
    for path in ROOT.glob(pattern)
    if path.is_file()
    and path.suffix in {".py", ".mako", ".ini", ".rst", ".lua", ".js", ".css", ""}
    and "__pycache__" not in path.parts
    and "web/legacy" not in path.as_posix()
)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    is_old_name = path.name == "settings.py"
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        # Old names of settings stay readable there.
        if not (is_old_name and "# old name" in line):
            yield number, line


def _is_excepted(path: Path, line: str) -> bool:
    where = path.relative_to(ROOT).as_posix()
    return any(where == file and part in line for file, part in EXCEPTIONS)


def test_retired_words_stay_retired():
    assert [
        f"{path.relative_to(ROOT)}, {number}: {line.strip()}"
        for path in TEXTS
        for number, line in _lines(path)
        if RETIRED.search(line.replace("_", " ")) and not _is_excepted(path, line)
    ] == []


def _prose(path: Path) -> Iterator[str]:
    """Yield what users read of a file: text of templates and documents, strings of code that are no docstrings."""
    text = path.read_text("utf-8")
    if path.suffix == ".rst":
        yield from re.sub(r"(?m)^(?: {4,}|\t).*$|``[^`]*``", "", text).splitlines()
    elif path.suffix == ".mako":
        bare = re.sub(r"(?s)<%doc>.*?</%doc>|<%.*?>|\$\{.*?\}|<[^>]*>", " ", text)
        yield from (line for line in bare.splitlines() if not re.match(r"\s*(?:##|%)", line))
    elif path.suffix == ".py":
        tree = ast.parse(text)
        nodes = list(ast.walk(tree))
        docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            is_string = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
            # A sentence, not a name, a key or a pattern.
            if is_string and " " in node.value.strip() and not re.search(r"[\\^$|]|://|\w=", node.value):
                yield node.value


def test_what_users_read_is_spelled_as_the_field_spells_it():
    read = [path for path in TEXTS if path.suffix in {".py", ".mako", ".rst"} and "sandbox/" not in path.as_posix()]
    assert [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in read
        for line in _prose(path)
        if not _is_excepted(path, line) and (SPELLING.search(line.strip()) or LOWER.search(line.strip()))
    ] == []


def test_comments_and_docstrings_use_no_retired_word_split_over_lines():
    split = re.compile(RETIRED.pattern.replace(" ", r"\s+(?:#:?\s+)?"), re.IGNORECASE)
    for path in TEXTS:
        if path.suffix == ".py":
            for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
                if token.type == tokenize.STRING and "\n" in token.string and not _is_excepted(path, token.string):
                    assert split.search(token.string) is None, (path.as_posix(), token.start)
