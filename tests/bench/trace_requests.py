"""Requests of all kinds for engram-cli, on the small models of tests/golden and the demo model."""
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
GOLDEN = ROOT / "tests" / "golden"
SITES = "resid mixer conv_in conv gate delta B C selection state conv_state ssm".split()
# Hugging Face's layout in F32, F16, BF16 and shards; then the original one, and shards of pytorch_model.bin.
MODELS = {name: [GOLDEN / "models" / name] for name in ("deep", "epsilon", "expand2", "half", "narrow", "sharded")}
MODELS["demo"] = [ROOT / "data" / "demo"]
MODELS["original"] = [GOLDEN / "pytorch" / "original", "--tokenizer", GOLDEN / "pytorch" / "tokenizer.json"]
MODELS["bin-shards"] = [GOLDEN / "pytorch" / "shards"]
SMALL = ("The Eiffel Tower is in", "Eiffel Tower")
EIFFEL = ("The Eiffel Tower is located in", "Eiffel Tower")
MERKEL = ("The mother tongue of Angela Merkel is", "Angela Merkel")
APPLE = ("Apple Inc. was founded by Steve", "Apple Inc.")
LONG = ("We were told by a friend of the old king that " * 4 + "the Space Needle is located in downtown", "Space Needle")
SUBJECTS, TEXT = GOLDEN / "corruptions" / "subjects.txt", GOLDEN / "corruptions" / "text.txt"


@dataclass
class Request:
    """name, which is also a file's; same_as: of whose numbers this one's are to be, too; refused: by both builds."""

    name: str
    model: str
    arguments: list
    command: str = "trace"
    same_as: str = ""
    refused: bool = False

    def line(self, threads="2"):
        """The command line after engram-cli's own name, without outputs."""
        usual = ["--json"]
        if self.command == "trace":
            usual += ["--device", "cpu"]
            usual += ["--threads", threads] if "--threads" not in self.arguments else []
        return [str(part) for part in (self.command, *self.arguments, "--model", *MODELS[self.model], *usual)]


def trace(name, model, options="", prompt=None, **others):
    """options: words between spaces; a list where one has a space in it."""
    text, subject = prompt or (EIFFEL if model == "demo" else SMALL)
    words = options.split() if isinstance(options, str) else options
    about = ["--subject", subject] if subject is not None else []
    return Request(name, model, [text, *about, *words], **others)


def sites():
    ways = [("1", "restore"), ("3", "restore"), ("10", "restore"), ("3", "damage")]
    for i, site in enumerate(SITES):
        window, direction = ways[i % 4]
        model = ["demo", "deep", "half"][i % 3]
        options = f"--site {site} --window {window} --direction {direction} --samples 3"
        yield trace(f"site-{site}-{direction}-window-{window}", model, options)
    yield trace("all-sites", "demo", "--site all --samples 4")
    yield trace("all-sites-deep-window-3", "deep", "--site all --window 3 --samples 3")
    yield trace("all-sites-damage", "expand2", "--site all --direction damage --samples 3")
    yield trace("all-sites-window-10", "demo", "--site all --window 10 --samples 2")
    yield trace("three-sites-window-10", "sharded", "--site ssm,resid,gate --window 10 --samples 3")


def models():
    for name in MODELS:
        yield trace(f"model-{name}", name, "--site resid,mixer,state --samples 3")
    yield trace("original-all-sites-window-3", "original", "--site all --window 3 --samples 2")


def sweeps():
    for sweep in ("layers", "positions"):
        window = "--window 3" if sweep == "layers" else ""
        yield trace(f"sweep-{sweep}", "demo", f"--site resid,mixer,conv --sweep {sweep} {window} --samples 4")
        yield trace(f"sweep-{sweep}-all-damage", "deep", f"--site all --sweep {sweep} --direction damage --samples 2")
    yield trace("sweep-carry", "demo", "--sweep carry --samples 5")
    yield trace("sweep-carry-window-3-damage", "deep", "--sweep carry --window 3 --direction damage --samples 3")


def paths():
    yield trace("freeze-mixer", "demo", "--site resid --freeze mixer --samples 3")
    yield trace("freeze-several", "deep", "--site resid --freeze state,conv_state --window 3 --samples 3")
    yield trace("freeze-damage", "expand2", "--site conv --freeze gate --direction damage --samples 3")
    yield trace("freeze-layers", "demo", "--site resid --freeze state --sweep layers --samples 3")
    yield trace("knockout", "demo", "--knockout 0-7:1-2>5 --samples 3")
    yield trace("knockout-window-3", "deep", "--knockout 2-9:1-3>6 --window 3 --samples 2")


def corruptions():
    for kind in ("gaussian", "uniform", "student-t:5", "multivariate"):
        # Multivariate noise follows a text.
        options = ["--noise-scale", f"text:{TEXT}"] if kind == "multivariate" else []
        name = kind.replace(":", "-")
        yield trace(f"noise-{name}", "expand2", ["--corrupt", kind, *options, "--samples", "5"])
    for scale in ("embedding", "absolute", f"subjects:{SUBJECTS}", f"text:{TEXT}"):
        # A text has its own level, and is followed by noise of other kinds than Gaussian alone.
        how = ["--corrupt", "student-t:3"] if scale.startswith("text:") else ["--noise", "1.5"]
        options = ["--noise-scale", scale, "--samples", "4", *how]
        yield trace(f"scale-{scale.split(':')[0]}", "expand2", options)
    yield trace("replace", "demo", "--replace --noise 2 --samples 4 --seed 0")
    yield trace("replace-uniform", "half", "--replace --corrupt uniform --samples 4 --seed 4294967295")
    yield trace("span-tokens", "demo", "--span tokens:2-3 --samples 4 --site resid,ssm")
    yield trace("span-all", "expand2", "--span all --samples 3", prompt=(SMALL[0], None))
    yield trace("swap-same-length", "demo", ["--corrupt", "swap:Space Needle", "--metric", "all"])
    yield trace("swap-other-length", "deep", "--corrupt swap:Rome --site resid,state,conv_state --window 3")
    yield trace("swap-longer", "expand2", ["--corrupt", "swap:old town of Rome and the Seine", "--site", "all"])
    yield trace("swap-damage", "deep", "--corrupt swap:Rome --direction damage --metric logit-diff")


def metrics():
    for metric in ("logprob", "logit", "kl", "rank"):
        yield trace(f"metric-{metric}", "demo", f"--metric {metric} --samples 3 --site resid,mixer")
    yield trace("metric-logit-diff", "demo", ["--metric", "logit-diff", "--against", " Rome", "--samples", "3"])
    yield trace("metric-all", "demo", ["--metric", "all", "--against", " Rome", "--samples", "4", "--site", "resid,state"])
    yield trace("metric-all-damage", "half", "--metric all --direction damage --samples 3 --sweep layers --against old")


def samples():
    yield trace("one-sample", "demo", "--samples 1")
    yield trace("usual", "demo")
    yield trace("usual-merkel", "demo", prompt=MERKEL)
    yield trace("subject-first", "demo", "--site all --samples 2", prompt=APPLE)
    yield trace("many-samples", "narrow", "--samples 200 --noise 0.5")
    yield trace("until-sem", "demo", "--samples 4 --until-sem 0.02 --max-samples 60 --site resid,mixer")
    yield trace("until-sem-met", "deep", "--samples 10 --until-sem 0.01 --max-samples 400")
    yield trace("target", "demo", "--target Rome --samples 4")
    yield trace("stream", "demo", "--stream --samples 5 --site resid,ssm")
    yield trace("stream-positions", "deep", "--stream --samples 3 --sweep positions --threads 3")
    yield trace("long-prompt", "demo", "--samples 3 --site resid,state --window 3", prompt=LONG)
    yield trace("long-prompt-layers", "demo", "--samples 12 --sweep layers --site ssm", prompt=LONG)


def threads():
    kinds = {
        "all-sites": ("demo", "--site all --samples 4"),
        "metric-kl": ("demo", "--metric kl --samples 3 --site resid,mixer"),
        "until-sem-met": ("deep", "--samples 10 --until-sem 0.01 --max-samples 400"),
        "swap-other-length": ("deep", "--corrupt swap:Rome --site resid,state,conv_state --window 3"),
    }
    for name, (model, options) in kinds.items():
        for n in (1, 3):
            yield trace(f"{name}-{n}-threads", model, f"{options} --threads {n}", same_as=name)


def others():
    yield Request("predict", "demo", [EIFFEL[0], "--top", "20"], "predict")
    yield Request("predict-original", "original", [SMALL[0], "--top", "320"], "predict")
    yield Request("predict-bf16", "sharded", [SMALL[0], "--top", "50"], "predict")
    yield Request("tokenize", "demo", ["Zoë's 3 cafés, naïvely:\n\ttabs  and — dashes…"], "tokenize")
    for name in ("demo", "original", "sharded"):
        yield Request(f"info-{name}", name, [], "info")


def refusals():
    wrong = {
        "site": "--site elsewhere",
        "carry-of-resid": "--sweep carry --site resid",
        "knockout-backwards": "--knockout 0-1:3>1",
        "knockout-beyond": "--knockout 0-99:1>3",
        "span-beyond": "--span tokens:3-99",
        "swap-with-seed": "--corrupt swap:Rome --seed 2",
        "window": "--window 0",
        "against-alone": "--against Rome",
        "until-sem": "--until-sem -1",
    }
    for name, options in wrong.items():
        yield trace(f"refused-{name}", "demo", options, refused=True)
    yield trace("refused-subject", "demo", prompt=(EIFFEL[0], "Louvre"), refused=True)


def all_requests():
    kinds = (sites, models, sweeps, paths, corruptions, metrics, samples, threads, others, refusals)
    requests = [request for kind in kinds for request in kind()]
    assert len({request.name for request in requests}) == len(requests)
    return requests
