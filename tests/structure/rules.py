"""What tests/structure holds src/ to: docs/design.md §2 as tables. A list of exceptions says for each why; one that nothing
needs any more fails the test, so that the lists only shrink."""

# Room → rooms whose headers its files may include, beside its own. A room is a folder.
CORE = ["core"]
FORMATS = [*CORE, "formats"]
TOKENIZER = [*FORMATS, "tokenizer"]
ENGINE = [*FORMATS, "engine"]
NETWORK = [*ENGINE, "network"]
LIBRARY = [*NETWORK, "tokenizer", "library"]
ASK = [*LIBRARY, "trace/ask"]
PLAN = [*ASK, "trace/plan"]
RESULT = [*ASK, "trace/result"]
RUN = [*PLAN, *RESULT, "trace/run"]
PLOT = [*RESULT, "plot"]
ABOVE = [*RUN, *PLOT, "engine/cpu", "engine/wrap"]
PARTS = [*ABOVE, "app/parts"]

ROOMS = {
    "core": [],
    "formats": CORE,
    "tokenizer": FORMATS,
    "engine": [*FORMATS, "engine/cuda"],
    "engine/cpu": ENGINE,
    "engine/cuda": ENGINE,
    "engine/wrap": ENGINE,
    # Families by families.c alone: FAMILIES below.
    "network": ENGINE,
    "network/attention": NETWORK,
    "network/ssm": NETWORK,
    "network/gpt2": [*NETWORK, "network/attention"],
    "network/mamba1": [*NETWORK, "network/ssm"],
    "library": [*NETWORK, "tokenizer"],
    "trace/ask": LIBRARY,
    "trace/plan": ASK,
    "trace/result": ASK,
    "trace/run": [*PLAN, *RESULT],
    "plot": RESULT,
    "cli": ABOVE,
    # As src/app/OVERVIEW.md says it.
    "app/parts": ABOVE,
    "app/ask": PARTS,
    "app/models": PARTS,
    "app/page": [*PARTS, "app/ask"],
    "app/shell": [*PARTS, "app/ask", "app/models", "app/page"],
}

# The one file that names families' folders: those that it includes are the families.
FAMILIES = "network/families.c"

# (room, header): the only headers that it may include of a room that is otherwise open to it.
ONLY = {("engine", "formats"): ["formats/tensor.h"]}

# (file, header) beside the arrows: why.
INCLUDES = {}

# Toolkits: the beginning of a header's name, and the rooms (with what is in them) that may include it.
TOOLKITS = [
    (r"(gtk|gdk|gsk|graphene|adwaita|adw)\b", ["app"]),
    (r"(cairo|pango)", ["plot", "cli", "app"]),
]

# Inner faces: a header that is a component's own, by the file that it belongs to. "X-private.h" belongs to X, and
# "private.h" to the file that is named like its folder.
INNER = {
    "network/layer": "network/workspace",  # the same struct, for families; workspace.h is for those that run groups
}

# Circles of includes between components: why.
CIRCLES = {}

# Functions over this many lines, from brace to brace: why.
MOST_LINES = 60
LONG_FUNCTIONS = {
    ("formats/pickle.c", "run_opcode"): "a case for each opcode of the format, in its order",
    ("cli/info.c", "print_json"): "until options come from the table of fields",
    ("cli/trace.c", "run"): "until options come from the table of fields",
}

# Files, or folders with a / at the end, whose .c files begin without a comment.
NO_HEAD = {
    "cli/corruption-options.c": "goes when options come from the table of fields",
    "trace/": "until one request, one result comes",
}

# Folders without OVERVIEW.md.
NO_OVERVIEW = {
    "trace": "until one request, one result comes",
    "trace/ask": "until one request, one result comes",
    "trace/plan": "until one request, one result comes",
    "trace/result": "until one request, one result comes",
    "trace/run": "until one request, one result comes",
}

# Rooms that may name no family: neither in a name of C nor in an include. Their texts that do:
NO_FAMILY = ["trace", "study", "plot", "cli", "app"]
FAMILY_WORDS = r"mamba|gpt"
FAMILY_TEXTS = {
    # What the program is for.
    "Which states of a Mamba language model bring a fact back?\\n\\n",
    "Causal tracing for Mamba language models: which states recall a fact",
    "Shows which states of a Mamba language model recall a fact: without arguments, in an example.",
    # A tokenizer's name.
    "The tokenizer.json to use (default: the model's; else GPT-NeoX's)",
    "_GPT-NeoX’s",
}
# Sites of a family, by their index: above the network they are names.
FAMILY_SITES = r"\b(EG_SITE_(?!RESID\b|BIT\b)\w+|EG_N_SITES|EG_ALL_SITES)\b"
# Files, or folders, that still have them.
SITES_BY_INDEX = {
    "app/": "until sites are names",
    "cli/": "until sites are names",
    "trace/": "until sites are names",
}
