"""The project speaks its field's language: OData, OAuth 2, HTTP, asyncio, Sage.

`python tests/project/test_vocabulary.py` prints the bounds as they are now.
"""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _set(text: str) -> set[str]:
    return set(text.split())


# Public names of the first versions: one word each, the field's, took their place.
FORMER_NAMES = _set("""
    Question View BulkTable Bulk Begun begun told fence unfit begun_at Deletes
    Mirror Synced MomentField pseudo_members NoRecord ManyRecords TimedOut
    BrokenReply ReplyTooLarge VerbError LiteralError reply_limit query_limit pool_size
    retry_seconds call_timeout authorize_url SignIn spent_at consented_at
    sign_in_ends_at ReadBegun ReadEnded RequestEnded RetryPlanned SignInEnding
    LimitChanged drift Drift spoil_state standing catalogue
""")
# Words that are right elsewhere: wrong only as a name in this file or folder.
FORMER_NAMES_IN = {
    "errors": {"unknown", "repeated", "heavy", "where"},
    "events.py": {"number", "read", "was", "now", "asked", "wait", "smaller"},
    "query": {"Table", "ahead", "members", "where", "order"},
    "odata": {"members", "where", "order"},
    "auth/sign_in.py": {"verifier"},
    "extract": {"keep", "finish", "most", "note", "members", "member"},
    "cli": {"members", "style"},
}
FORMER_TEXTS = {"moment", "_parent", "_place", "--members", "--style"}
FORMER_MODULES = _set("""
    bulk question view fetch resource signin units guard shapes replies sizing drift
    ranges keeper watch refresh outlet reader survey fleet system places coding extras
    whole many duck making forms packing cuts spool cells disk statements place pages
    catalogue people moments words parts members answers problems lines loading
    questions
""")

# How often each word stands in names, comments and texts; as a variable, the name
# itself. A bound falls with the count, and is never raised.
BOUNDS: dict[str, dict[str, int]] = {
    "sage200_async": {
        "member": 1,
        "moment": 6,
        "place": 2,
        "synced": 1,
        "tell": 1,
        "tells": 3,
        "unfit": 2,
    },
    "tests": {
        "begun": 1,
        "came": 1,
        "drift": 1,
        "each": 23,
        "found": 13,
        "given": 2,
        "heavy": 1,
        "judge": 1,
        "kept": 1,
        "made": 11,
        "member": 4,
        "members": 4,
        "moment": 7,
        "moments": 5,
        "place": 1,
        "survey": 1,
        "tell": 1,
        "told": 30,
        "whoever": 1,
    },
    "programs": {"each": 1},
}
WORDS = _set("""
    told untold tell tells begun heed heeds heeded unfit lesser standing fence fences
    moment moments spool fleet judge judged leap leaps survey whoever insist member
    members question questions drift catalogue heavy outlet arrivals mirror synced lab
    ears sizing keeper
""")
# Fields that are called so by Sage.
SAGE_NAMES = {"eu_member"}
VARIABLES = {"each", "found", "given", "kept", "made", "came", "place"}
FOLDERS = {
    "sage200_async": ["sage200_async"],
    "tests": ["tests"],
    "programs": ["benchmarks", "examples"],
}

RIDDLES = _set("""
    told untold begun heed heeds unfit lesser standing fence member members whoever
    leap question fleet spool
""")
DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def files(*folders: str) -> list[Path]:
    """Return the handwritten modules in *folders*, without this one."""
    paths = chain.from_iterable((ROOT / folder).rglob("*.py") for folder in folders)
    catalog = ROOT / "sage200_async" / "catalog"
    return sorted(p for p in paths if catalog not in p.parents and p != Path(__file__))


def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"))


def public_names(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the public names that *body* defines: parameters and attributes, too."""
    for node in body:
        if isinstance(node, DEFINITIONS) and re.match(r"_(?!_init_)", node.name):
            continue
        match node:
            case ast.ClassDef():
                yield node.name
                yield from public_names(node.body)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name
                for child in ast.walk(node):
                    match child:
                        case ast.arg(arg=name):
                            yield name
                        case ast.Attribute(attr=name, ctx=ast.Store()):
                            yield name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]):
                yield name


def texts(tree: ast.AST) -> Iterator[str]:
    """Yield every string constant in *tree*, parts of f-strings among them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def words(text: str) -> Iterator[str]:
    """Yield the words of *text* and of the identifiers in it, in small letters."""
    for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", text):
        yield word.lower()


def docstrings(tree: ast.Module) -> Iterator[str]:
    """Yield each docstring in *tree*, those below fields among them."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield text


def messages(tree: ast.Module, errors: set[str]) -> Iterator[str]:
    """Yield the texts of the *errors* that a module raises or makes."""
    for node in ast.walk(tree):
        match node:
            case ast.Raise(exc=ast.expr() as value):
                yield from texts(value)
            case ast.Assign(targets=[ast.Name(id="message")], value=value):
                yield from texts(value)
            case ast.Call(func=ast.Name(id=name)) if name in errors:
                yield from texts(node)


def counts(folders: list[str]) -> dict[str, int]:
    """Return how often each former word is used in *folders*, where it is."""
    counter: Counter[str] = Counter()
    for path in files(*folders):
        source = path.read_text(encoding="utf-8")
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.string.strip("\"'") in SAGE_NAMES:
                continue
            counter.update(word for word in words(token.string) if word in WORDS)
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                    counter.update({name} & VARIABLES)
    return dict(sorted(counter.items()))


@pytest.mark.parametrize(
    "path", files("sage200_async"), ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_public_name_is_a_former_one(path: Path) -> None:
    """Public names, options and columns are those that the documentation uses."""
    where = path.relative_to(ROOT / "sage200_async").as_posix()
    inside = [
        names for part, names in FORMER_NAMES_IN.items() if where.startswith(part)
    ]
    tree = parsed(path)
    names = set(public_names(tree.body))
    assert names & FORMER_NAMES.union(*inside) == set()
    assert FORMER_TEXTS.intersection(texts(tree)) == set()


def test_no_module_has_a_former_name() -> None:
    """Files and folders are named for what is in them."""
    package = ROOT / "sage200_async"
    names = {
        name
        for path in files("sage200_async")
        for name in path.relative_to(package).with_suffix("").parts
    }
    assert names & FORMER_MODULES == set()


@pytest.mark.parametrize("folder", FOLDERS)
def test_former_words_only_become_fewer(folder: str) -> None:
    """No former word is used more often than before; a bound follows its count."""
    now, bounds = counts(FOLDERS[folder]), BOUNDS[folder]
    print(folder, sum(now.values()), "former words")
    assert {w: n for w, n in now.items() if n > bounds.get(w, 0)} == {}, "use another"
    fewer = {w: now.get(w, 0) for w, n in bounds.items() if n > now.get(w, 0)}
    assert fewer == {}, "lower the bound"


@pytest.mark.parametrize("folder", FOLDERS)
def test_docstrings_do_not_give_tell_or_say(folder: str) -> None:
    """A docstring begins with what is returned, raised or done."""
    starts = re.compile(r"\s*(Gives?|Tells?|Says?)\b")
    dialect = [
        f"{path.relative_to(ROOT)}: {text.splitlines()[0]}"
        for path in files(*FOLDERS[folder])
        for text in docstrings(parsed(path))
        if starts.match(text)
    ]
    assert dialect == []


def test_messages_are_not_riddles() -> None:
    """An error's message uses none of the former words."""
    own = {
        name
        for path in files("sage200_async/errors")
        for name in public_names(parsed(path).body)
    }
    riddles = [
        f"{path.relative_to(ROOT)}: {text}"
        for path in files("sage200_async")
        for text in messages(parsed(path), own)
        if RIDDLES.intersection(words(text))
    ]
    assert riddles == []


if __name__ == "__main__":
    print("BOUNDS =", {name: counts(folders) for name, folders in FOLDERS.items()})
