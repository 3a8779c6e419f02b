"""The syntax of blocks that are not run, each by a parser of its language."""

import ast
import importlib.util
import json
import shutil
import subprocess
import tomllib

CAN_PARSE_POWERSHELL = all(
    importlib.util.find_spec(name) for name in ("tree_sitter", "tree_sitter_powershell")
)
INSTRUCTIONS = {"FROM", "RUN", "USER", "WORKDIR", "COPY", "ENV", "ENTRYPOINT", "CMD"}


def parse(language: str, code: str, where: str) -> None:
    """Check the syntax of a block, *where* it is.

    Raises:
        AssertionError: It is wrong, or nobody knows its language.
    """
    match language:
        case "python":
            compile(code, where, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        case "sh":
            bash = shutil.which("bash")
            assert bash
            subprocess.run([bash, "-n"], input=code, text=True, check=True)
        case "powershell":
            assert powershell_errors(code) == [], where
        case "json":
            json.loads(code)
        case "toml":
            tomllib.loads(code)
        case "ini":
            assert all("=" in line for line in code.splitlines()), where
        case "dockerfile":
            lines = code.replace("\\\n", "").splitlines()
            assert {line.split()[0] for line in lines} <= INSTRUCTIONS, where
        case "csv":
            rows = [row.split(",") for row in code.splitlines()]
            assert len({len(row) for row in rows}) == 1, where
        case "text":
            pass
        case _:
            message = f"{where}: nobody checks blocks of {language!r}"
            raise AssertionError(message)


def powershell_errors(code: str) -> list[str]:
    """Return the text of each part of *code* that is no PowerShell.

    By the grammar of tree-sitter, so that PowerShell is not needed. Without the grammar,
    which the dependency group `docs` has, nothing is found.
    """
    if not CAN_PARSE_POWERSHELL:
        return []
    import tree_sitter
    import tree_sitter_powershell

    language = tree_sitter.Language(tree_sitter_powershell.language())
    tree = tree_sitter.Parser(language).parse(code.encode())
    errors, pending = [], [tree.root_node]
    while pending:
        node = pending.pop()
        if node.type == "ERROR" or node.is_missing:
            errors.append((node.text or b"").decode() or node.type)
        pending += node.children
    return errors
