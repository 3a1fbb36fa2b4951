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
COMPARE = [*RESULT, "trace/compare"]
PLOT = [*COMPARE, "plot"]
STUDY = [*RUN, "preview", "study"]
ABOVE = [*STUDY, *PLOT, "engine/cpu", "engine/wrap", "library/hub"]
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
    "network/gpt-neox": [*NETWORK, "network/attention"],
    "network/gpt2": [*NETWORK, "network/attention"],
    "network/mamba1": [*NETWORK, "network/ssm"],
    "network/mamba2": [*NETWORK, "network/ssm"],
    "network/falcon-mamba": [*NETWORK, "network/ssm"],
    "library": [*NETWORK, "tokenizer"],
    "library/hub": LIBRARY,
    "trace/ask": LIBRARY,
    "trace/plan": ASK,
    "trace/result": ASK,
    "trace/compare": RESULT,
    "trace/run": [*PLAN, *RESULT],
    "preview": [*RUN],
    "study": [*RUN, "preview"],
    "plot": [*COMPARE, "study"],
    "cli": ABOVE,
    # As src/app/OVERVIEW.md says it.
    "app/parts": ABOVE,
    "app/ask": PARTS,
    "app/models": PARTS,
    "app/page": [*PARTS, "app/ask"],
    "app/study": [*PARTS, "app/ask"],
    "app/shell": [*PARTS, "app/ask", "app/models", "app/page", "app/study"],
}

# The one file that names families' folders: those that it includes are the families.
FAMILIES = "network/families.c"

# (room, header): the only headers that it may include of a room that is otherwise open to it.
ONLY = {("engine", "formats"): ["formats/tensor.h", "formats/mapping.h"]}

# (file, header) beside the arrows: why.
INCLUDES = {}

# Toolkits: the beginning of a header's name, and the rooms (with what is in them) that may include it.
TOOLKITS = [
    (r"(gtk|gdk|gsk|graphene|adwaita|adw)\b", ["app"]),
    (r"(cairo|pango)", ["plot", "cli", "app"]),
    (r"libsoup", ["library/hub"]),
]

# Inner faces: a header that is a component's own, by the file that it belongs to. "X-private.h" belongs to X, and
# "private.h" to the file that is named like its folder.
INNER = {
    "trace/ask/fields": "trace/ask/request",  # the table that copying, comparing and checking a request walk over
    "network/layer": "network/workspace",  # the same struct, for families; workspace.h is for those that run groups
}

# Circles of includes between components: why.
CIRCLES = {}

# Functions over this many lines, from brace to brace: why.
MOST_LINES = 60
LONG_FUNCTIONS = {
    ("formats/pickle.c", "run_opcode"): "a case for each opcode of the format, in its order",
}

# Files, or folders with a / at the end, whose .c files begin without a comment.
NO_HEAD = {}

# Folders without OVERVIEW.md.
NO_OVERVIEW = {}

# Rooms that may name no family: neither in a name of C nor in an include. Their texts that do:
NO_FAMILY = ["trace", "preview", "study", "plot", "cli", "app"]
FAMILY_WORDS = r"mamba|gpt"
FAMILY_TEXTS = {
    # A tokenizer's name.
    "The tokenizer.json to use (default: the model’s; else GPT-NeoX’s)",
    "_GPT-NeoX’s",
}
# A site is an index where runs are planned and computed; above, and in files, it is a name.
SITE_INDEX = r"\b(EgSite|EgSiteSet|EG_SITE_BIT|EG_SITE_RESID|EG_MAX_SITES)\b"
SITE_ROOMS = [
    "network",
    "trace/plan",
    "trace/ask/site-names.c",
    "trace/ask/site-names.h",
    "app/ask/site-chooser.c",  # rows of its list, which is the family's table
]
