"""The C files of a source tree: what they include, which functions they have, which circles they make."""

import re
from pathlib import Path

TOKEN = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)', re.M)


def blank(text, keep_strings):
    """The text with spaces in place of comments, and of what strings hold: every line stays where it is."""

    def replace(match):
        token = match.group()
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        return token if keep_strings else token[0] + " " * (len(token) - 2) + token[-1]

    return TOKEN.sub(replace, text)


class Function:
    """A function: its name, the line of its opening brace, and its lines from brace to brace."""

    def __init__(self, path, name, line, lines):
        self.path, self.name, self.line, self.lines = path, name, line, lines


class File:
    """A file of the tree by its path in it ("network/run.c")."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.n_lines = text.count("\n")
        self.code = blank(text, keep_strings=False)
        found = INCLUDE.findall(blank(text, keep_strings=True))
        self.quoted = [ours for ours, _ in found if ours]
        self.system = [theirs for _, theirs in found if theirs]

    @property
    def folder(self):
        return str(Path(self.path).parent)

    @property
    def stem(self):
        return str(Path(self.path).with_suffix(""))

    def head(self):
        """The comment that the file begins with, or ""."""
        match = re.match(r"/\*.*?\*/", self.text, re.S)
        return " ".join(re.sub(r"^\s*(/\*+| \*/?)", "", line) for line in match.group()[:-2].split("\n")).strip() if match else ""

    def functions(self):
        """Functions as clang-format's GNU layout has them: a body's braces stand in the first column. Directives are no
        code; of an #if, the last branch counts."""
        code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda it: re.sub(r"[^\n]", " ", it.group()), self.code, flags=re.M)
        lines = code.split("\n")
        found = []
        begin = 0
        while begin < len(lines):
            opening = next((i for i in range(begin, len(lines)) if lines[i].startswith("{")), len(lines))
            closing = next((i for i in range(opening, len(lines)) if lines[i].startswith("}")), len(lines))
            # What stands between the last declaration and the brace.
            head = re.split(r"[;}]", "\n".join(lines[begin:opening]))[-1].strip()
            name = re.findall(r"^([A-Za-z_]\w*) \(", head, re.M)
            if closing < len(lines) and name and head.endswith(")") and lines[closing] == "}":
                found.append(Function(self.path, name[-1], opening + 1, closing - opening + 1))
            begin = closing + 1
        return found


def read_tree(root):
    """All C files below a folder, by path."""
    root = Path(root)
    paths = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.suffix in (".c", ".h"))
    return {path: File(path, (root / path).read_text(encoding="utf-8")) for path in paths}


def include_graph(files):
    """stem → stems that it includes; a .h and its own .c are one."""
    graph = {file.stem: set() for file in files.values()}
    for file in files.values():
        for name in file.quoted:
            target = name if name in files else str(Path(file.folder) / name)
            if target in files and files[target].stem != file.stem:
                graph[file.stem].add(files[target].stem)
    return graph


def find_owner(stem, files, inner):
    """The component that a file belongs to: a private header's is the file whose own header it includes."""
    if stem in inner:
        return inner[stem]
    folder, _, name = stem.rpartition("/")
    if name != "private" and not name.endswith("-private"):
        return stem
    public = f"{folder}/{folder.rpartition('/')[2] if name == 'private' else name.removesuffix('-private')}"
    return public if public + ".h" in files[stem + ".h"].quoted else stem


def component_graph(files, inner):
    """component → components that it includes; inner: stem → the component that it is a part of."""
    includes = include_graph(files)
    owner = {stem: find_owner(stem, files, inner) for stem in includes}
    graph = {component: set() for component in owner.values()}
    for stem, others in includes.items():
        graph[owner[stem]] |= {owner[other] for other in others if owner[other] != owner[stem]}
    return graph


def find_circles(graph):
    """Groups of two and more that reach each other (Tarjan), each sorted."""
    index, low, on_stack, stack, circles = {}, {}, set(), [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        for to in sorted(graph[node]):
            if to not in index:
                visit(to)
                low[node] = min(low[node], low[to])
            elif to in on_stack:
                low[node] = min(low[node], index[to])
        if low[node] == index[node]:
            group = []
            while not group or group[-1] != node:
                group.append(stack.pop())
                on_stack.discard(group[-1])
            if len(group) > 1:
                circles.append(sorted(group))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return sorted(circles)
