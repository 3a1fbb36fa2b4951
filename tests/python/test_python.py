"""The module engram (python/): the numbers are engram-cli's, and what goes wrong is an exception. Speaks TAP."""
import ast
import inspect
import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import types
import unittest
from unittest import mock

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../hub")]
import tap_unittest  # noqa: E402

import engram  # noqa: E402
import engram.live  # noqa: E402
import engram.notebook  # noqa: E402

PROGRAM = os.environ["ENGRAM_CLI"]
PROMPT, SUBJECT = "The Eiffel Tower is located in", "Eiffel Tower"
FACTS = [
    (PROMPT, SUBJECT),
    ("The Space Needle is located in downtown", "Space Needle"),
    ("The mother tongue of Angela Merkel is", "Angela Merkel"),
    ("Apple Inc. was founded by Steve", "Apple Inc"),
]
LONG = {"samples": 10000, "site": "all"}
OF_MODELS = {"model", "tokenizer", "pull", "gemm"}  # options that are load()'s; the model is its name
NOT_HERE = {"json", "help", "stream", "no_estimate"}
PACKAGE = os.path.dirname(engram.__file__)
PATIENCE = 60


def command_line(*arguments):
    return subprocess.run([PROGRAM, *arguments], check=True, capture_output=True).stdout


def options_of(*command):
    """Of a command, by the names that arguments have."""
    text = command_line(*command, "--help").decode()
    return {name.replace("-", "_") for name in re.findall(r"^ +(?:-\w, )?--([a-z-]+)", text, re.M)}


def arrays_of(path):
    with np.load(path) as file:
        return {name: (file[name].dtype.str, file[name].shape, file[name].tobytes()) for name in file.files if name not in ("seconds", "date")}


class WithFolder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="engram-python-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)


class Numbers(WithFolder):
    def test_traces_are_the_files_of_the_command_line_bit_by_bit(self):
        m = engram.load()
        for i, (options, typed) in enumerate([
            ({}, []),
            ({"samples": 3, "site": ["resid", "state"], "metric": "all", "window": 3}, "--samples 3 --site resid,state --metric all --window 3"),
            ({"noise": 1.5, "seed": 9, "sweep": "layers", "span": "tokens:1-2"}, "--noise 1.5 --seed 9 --sweep layers --span tokens:1-2"),
            ({"samples": np.int64(4), "until_sem": np.float64(0.05), "max_samples": 12, "replace": True}, "--samples 4 --until-sem 0.05 --max-samples 12 --replace"),
            ({"knockout": "0-7:1-2>5", "corrupt": "swap:Space Needle"}, ["--knockout", "0-7:1-2>5", "--corrupt", "swap:Space Needle"]),
        ]):  # fmt: skip
            ours, theirs = self.path(f"ours-{i}.npz"), self.path(f"theirs-{i}.npz")
            m.trace(PROMPT, subject=SUBJECT, output=ours, **options)
            command_line("trace", PROMPT, "--subject", SUBJECT, "-o", theirs, *(typed.split() if isinstance(typed, str) else typed))
            self.assertEqual(arrays_of(ours), arrays_of(theirs))

    def test_every_option_of_a_trace_has_its_name_here(self):
        m = engram.load()
        known = {option["name"].replace("-", "_") for option in m._engine.call("options")["options"]}
        arguments = inspect.signature(engram.Model.trace).parameters
        ours = {"self", "prompt", "device", "precision", "threads", "estimate", "exact_top", "output", "save_every", "resume", "progress"}
        self.assertEqual(set(arguments) - ours, known)
        for name in set(arguments) - {"self", "prompt"}:
            self.assertIn(name, engram.Model.trace.__doc__)
        # What is said of a model is said where it is loaded; how a program prints is no matter here.
        self.assertEqual(options_of("trace") - NOT_HERE, set(arguments) - {"self", "prompt", "progress"} | OF_MODELS)
        self.assertLessEqual(OF_MODELS - {"model"}, set(inspect.signature(engram.load).parameters))
        for name in OF_MODELS - {"model"}:
            self.assertIn(f"{name}:", engram.load.__doc__)

    def test_every_option_of_a_study_has_its_name_here(self):
        arguments = set(inspect.signature(engram.Model.study).parameters) - {"self", "facts", "progress"}
        self.assertEqual(options_of("study", "run") - NOT_HERE, arguments | OF_MODELS)
        for name in arguments:
            self.assertRegex(engram.Model.study.__doc__, rf"\b{name}\b")

    def test_the_highest_of_an_estimate_are_computed(self):
        m = engram.load()
        ours, theirs = self.path("ours.npz"), self.path("theirs.npz")
        options = {"subject": SUBJECT, "site": ["resid", "state"], "estimate": True, "exact_top": 4}
        r = m.trace(PROMPT, output=ours, **options)
        command_line("trace", PROMPT, "--subject", SUBJECT, "--site", "resid,state", "--estimate", "--exact-top", "4", "-o", theirs)
        self.assertEqual(arrays_of(ours), arrays_of(theirs))
        whole = m.trace(PROMPT, subject=SUBJECT, site=["resid", "state"])
        self.assertTrue(r.estimated)
        for site in ("resid", "state"):
            computed = np.isfinite(r[site].scores)
            self.assertLess(4, computed.sum())
            self.assertLess(computed.sum(), 40)  # of 48: the others were not computed
            np.testing.assert_array_equal(r[site].scores[computed], whole[site].scores[computed])
            self.assertTrue(computed[np.unravel_index(np.nanargmax(r[site].estimate), computed.shape)])
            self.assertTrue(any(site in note and "spot check" in note for note in r.notes), r.notes)
        for wrong in ({"exact_top": 3}, {"exact_top": 0, "estimate": True}, {"exact_top": 3, "estimate": True, "resume": theirs}):
            with self.assertRaises(engram.InvalidRequest) as raised:
                m.trace(PROMPT, subject=SUBJECT, **wrong)
            self.assertEqual(raised.exception.field, "exact_top")

    def test_what_multiplies_is_chosen_with_the_model(self):
        for gemm in ("openblas", "engram"):
            m = engram.load(gemm=gemm)
            self.assertEqual(m.info["gemm"], json.loads(command_line("info", "--json", "--gemm", gemm))["gemm"])
            m.trace(PROMPT, subject=SUBJECT, output=self.path("ours.npz"))
            command_line("trace", PROMPT, "--subject", SUBJECT, "--gemm", gemm, "-o", self.path("theirs.npz"))
            self.assertEqual(arrays_of(self.path("ours.npz")), arrays_of(self.path("theirs.npz")))
        self.assertIs(engram.load(gemm="engram")._engine, m._engine)
        self.assertIsNot(engram.load()._engine, m._engine)
        for options in ({"gemm": "mkl"}, {"gemm": "openblas", "engine": m._engine}):
            with self.assertRaises(engram.InvalidRequest) as raised:
                engram.load(**options)
            self.assertEqual(raised.exception.field, "gemm")
        self.assertEqual(pickle.loads(pickle.dumps(m._engine)).gemm, "engram")

    def test_estimates_are_the_files_of_the_command_line_and_no_scores(self):
        m = engram.load()
        for i, (options, typed) in enumerate([({}, []), ({"site": ["state", "mixer"], "ig": 2}, ["--site", "state,mixer", "--ig", "2"])]):
            ours, theirs = self.path(f"ours-{i}.npz"), self.path(f"theirs-{i}.npz")
            r = m.estimate(PROMPT, subject=SUBJECT, output=ours, **options)
            command_line("trace", PROMPT, "--subject", SUBJECT, "--estimate", "-o", theirs, *typed)
            self.assertEqual(arrays_of(ours), arrays_of(theirs))
            self.assertTrue(r.estimated)
            self.assertEqual(r.estimate.shape, (8, 6))
            self.assertGreater(np.nanmax(r.estimate), r.low_score + 0.05)
            with self.assertRaisesRegex(engram.EngramError, "estimates, which are no scores"):
                r.scores
            self.assertEqual(engram.open(ours).estimate.tobytes(), r.estimate.tobytes())
            self.assertIn("estimated", repr(r))
            self.assertIn("estimated", r._repr_html_())
            self.assertEqual(r.best.score, np.nanmax(r.estimate))

    def test_an_estimate_stands_beside_the_same_trace(self):
        m = engram.load()
        options = {"subject": SUBJECT, "site": ["resid", "state"]}
        both, alone, guess = m.trace(PROMPT, estimate=True, ig=1, **options), m.trace(PROMPT, **options), m.estimate(PROMPT, ig=1, **options)
        self.assertEqual(both.scores.tobytes(), alone.scores.tobytes())
        self.assertFalse(both.estimated)
        for site in ("resid", "state"):
            self.assertEqual(both[site].estimate.tobytes(), guess[site].estimate.tobytes())
            computed = np.abs(both[site].scores - both.low_score) > 1e-6
            self.assertGreater(np.corrcoef(both[site].scores[computed], both[site].estimate[computed])[0, 1], 0.8)
        self.assertIsNone(alone.estimate)
        for options, field in (({"ig": 2}, "ig"), ({"estimate": True, "metric": "rank"}, None), ({"estimate": True, "ig": 101}, "ig")):
            with self.assertRaises(engram.EngramError) as raised:
                m.trace(PROMPT, subject=SUBJECT, **options)
            self.assertEqual(raised.exception.field, field)

    def test_predictions_and_tokens_are_those_of_the_command_line(self):
        m = engram.load("demo")
        told = json.loads(command_line("predict", PROMPT, "--top", "9", "--json"))
        prediction = m.predict(PROMPT, top=9)
        self.assertEqual([token._asdict() for token in prediction], told["predictions"])
        self.assertEqual(prediction.token_ids, told["token_ids"])
        self.assertEqual(m.tokenize("Grüße")["ids"], json.loads(command_line("tokenize", "Grüße", "--json"))["ids"])
        self.assertEqual(m.decode(m.tokenize("Grüße, 東京")["ids"]), "Grüße, 東京")
        self.assertEqual((m.num_layers, m.name), (8, "demo"))
        self.assertIn("state", m.sites)
        self.assertIn("demo", [model["name"] for model in engram.models()])

    def test_a_result_says_what_its_table_and_document_say(self):
        m = engram.load()
        for options in ({"metric": "kl"}, {"direction": "damage", "corrupt": "swap:Space Needle"}, {"sweep": "positions"}, {"sweep": "layers", "site": "state"}):
            r = m.trace(PROMPT, subject=SUBJECT, **options)
            r.save(self.path("r.csv"))
            r.save(self.path("r.json"))
            with open(self.path("r.csv"), encoding="utf-8") as file:
                rows = [line.rstrip("\n").rsplit(",", 4) for line in file if not line.startswith("#")][1:]
            np.testing.assert_array_equal([float(row[1]) for row in rows], np.asarray(r.scores, float).ravel())
            np.testing.assert_allclose([float(row[3] or "nan") for row in rows], r.normalized.ravel(), rtol=1e-15)
            with open(self.path("r.json"), encoding="utf-8") as file:
                document = json.load(file)
            self.assertEqual(document["scores"], np.asarray(r.scores, float).tolist())
            self.assertEqual((document["high_score"], document["low_score"]), (r.high_score, r.low_score))
            self.assertEqual(document["most_important"], {k: v for k, v in r.best._asdict().items() if v is not None})
            np.testing.assert_allclose(document["layer_average"], r.layer_average, rtol=1e-14)
            self.assertEqual((r.tokens, list(r.subject_range), r.target), (document["tokens"], document["subject_range"], document["target"]["text"]))

    def test_results_reopen_as_they_were(self):
        r = engram.load().trace(PROMPT, subject=SUBJECT, site="resid,state", metric="all", samples=3)
        r.save(self.path("a.npz"))
        again = engram.open(self.path("a.npz"))
        self.assertEqual(r.to_bytes(), again.to_bytes())
        self.assertEqual(r.to_bytes(), pickle.loads(pickle.dumps(r)).to_bytes())
        np.testing.assert_array_equal(again["state"].scores, again.arrays["scores_state"])
        np.testing.assert_array_equal(again["state"]["kl"].sem, again.arrays["scores_sem_kl_state"])
        self.assertEqual(again["kl"].high_score, again.arrays["high_score_kl"])
        self.assertEqual((again.sites, again.metrics), (["resid", "state"], ["prob", "logprob", "logit", "kl", "rank"]))
        np.testing.assert_array_equal(again["state"]["resid"]["kl"]["prob"].scores, r.scores)
        with self.assertRaises(KeyError):
            again["mixer"]

    def test_files_of_the_notebook_open_and_others_are_refused(self):
        np.savez(self.path("n.npz"), scores=np.full((3, 2), 0.5), low_score=0.1, high_score=0.9, input_tokens=np.array(["a", " b"]), subject_range=[1, 1], target_token=" c", prompt="a b", subject="b")  # fmt: skip
        r = engram.open(self.path("n.npz"))
        np.testing.assert_allclose(r.normalized, np.full((3, 2), 0.5))
        self.assertTrue(r.complete)
        np.savez(self.path("other.npz"), x=np.zeros(3))
        with open(self.path("text.npz"), "w") as file:
            file.write("no archive")
        for name in ("other.npz", "text.npz"):
            with self.assertRaises(engram.EngramError):
                engram.open(self.path(name))

    def test_a_file_that_cannot_be_written_harms_none(self):
        r = engram.load().trace(PROMPT, subject=SUBJECT, samples=1)
        r.save(self.path("a.npz"))
        with mock.patch("os.replace", side_effect=OSError(28, "No space left on device")), self.assertRaises(OSError):
            r.save(self.path("a.npz"))
        self.assertEqual(os.listdir(self.folder), ["a.npz"])
        self.assertEqual(engram.open(self.path("a.npz")).to_bytes(), r.to_bytes())
        with self.assertRaises(engram.EngramError):
            r.save(self.path("a.docx"))


class ManyPrompts(unittest.TestCase):
    def test_many_prompts_are_each_one_by_itself(self):
        m = engram.load()
        many = m.trace_many(FACTS, samples=3)
        for fact, r in zip(FACTS, many):
            np.testing.assert_array_equal(m.trace(fact[0], subject=fact[1], samples=3).scores, r.scores)
        self.assertEqual(len(many), len(FACTS))
        named = m.trace_many([{"prompt": p, "subject": s, "answer": " Rome"} for p, s in FACTS[:2]], samples=1)
        self.assertEqual([r.target for r in named], [" Rome", " Rome"])

    def test_facts_may_be_a_file_or_have_what_such_a_file_has(self):
        m = engram.load()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "facts.csv")
            with open(path, "w") as file:
                file.write("prompt,subject,target,relation,id\n" + "".join(f"{p},{s},,r,{i}\n" for i, (p, s) in enumerate(FACTS[:2])))
            from_file = m.trace_many(path, samples=1)
        with_more = m.trace_many([{"prompt": p, "subject": s, "relation": "r", "known_id": 3, "template": "{}"} for p, s in FACTS[:2]], samples=1)
        for r, other, known in zip(from_file, with_more, m.trace_many(FACTS[:2], samples=1)):
            self.assertEqual(r.scores.tobytes(), known.scores.tobytes())
            self.assertEqual(other.scores.tobytes(), known.scores.tobytes())
        named = m.trace_many([{"prompt": PROMPT, "subject": SUBJECT, "attribute": "Rome"}], samples=1)
        self.assertEqual(named[0].target, " Rome")

    def test_a_fact_that_cannot_be_traced_raises_or_stands_in_its_place(self):
        m, facts = engram.load(), [FACTS[0], ("No subject here", "Elephant"), FACTS[1]]
        with self.assertRaises(engram.InvalidRequest) as caught:
            m.trace_many(facts, samples=1)
        self.assertEqual(caught.exception.field, "subject")
        got = m.trace_many(facts, samples=1, errors="return")
        self.assertEqual([type(r) for r in got], [engram.Result, engram.InvalidRequest, engram.Result])

    def test_threads_may_ask_at_once(self):
        m, got = engram.load(), {}

        def trace(i):
            got[i] = m.trace(*FACTS[i][:1], subject=FACTS[i][1], samples=2).scores

        threads = [threading.Thread(target=trace, args=(i,)) for i in range(4)]
        [thread.start() for thread in threads]
        [thread.join(PATIENCE) for thread in threads]
        for i, r in enumerate(m.trace_many(FACTS, samples=2)):
            np.testing.assert_array_equal(got[i], r.scores)


class Stopping(WithFolder):
    def interrupt_when_known(self):
        """Ctrl+C once the first cells are there."""
        sent = []

        def progress(state):
            if not sent and not np.isnan(state.scores).all():
                sent.append(True)
                os.kill(os.getpid(), signal.SIGINT)

        return progress

    def test_an_interrupted_trace_gives_what_is_there_and_goes_on_later(self):
        m = engram.load()
        options = {"samples": 80, "site": "resid,state"}
        r = m.trace(PROMPT, subject=SUBJECT, progress=self.interrupt_when_known(), **options)
        self.assertFalse(r.complete)
        self.assertFalse(np.isnan(r.scores).all())
        self.assertIn("not complete", repr(r))
        r.save(self.path("a.npz"))
        with self.assertRaises(engram.InvalidRequest):
            r.save(self.path("a.json"))
        whole = m.trace(PROMPT, subject=SUBJECT, **options)
        after = m.trace(resume=self.path("a.npz"))
        np.testing.assert_array_equal(whole["state"].scores, after["state"].scores)
        command_line("trace", "--resume", self.path("a.npz"))
        np.testing.assert_array_equal(whole.scores, engram.open(self.path("a.npz")).scores)

    def test_what_a_killed_engine_had_is_in_its_file_and_goes_on(self):
        m, path = engram.load(), self.path("kept.npz")

        def progress(state):
            if os.path.exists(path):
                os.kill(m._engine.pid, signal.SIGKILL)

        with self.assertRaises(engram.ProgramDied):
            m.trace(PROMPT, subject=SUBJECT, samples=150, site="resid,state", output=path, save_every=0.05, progress=progress)
        self.assertFalse(engram.open(path).complete)
        whole = m.trace(PROMPT, subject=SUBJECT, samples=150, site="resid,state")
        after = m.trace(resume=path, output=path)
        np.testing.assert_array_equal(whole["state"].scores, after["state"].scores)
        self.assertTrue(engram.open(path).complete)
        with self.assertRaises(engram.InvalidRequest) as caught:
            m.trace(PROMPT, subject=SUBJECT, output=path, save_every=-1)
        self.assertEqual(caught.exception.field, "save_every")

    def test_an_interrupted_trace_is_in_its_file_and_in_no_other(self):
        m = engram.load()
        r = m.trace(PROMPT, subject=SUBJECT, samples=150, site="resid,state", output=[self.path("i.json"), self.path("i.npz")], progress=self.interrupt_when_known())
        self.assertFalse(r.complete)
        self.assertEqual(r.to_bytes(), engram.open(self.path("i.npz")).to_bytes())
        self.assertFalse(os.path.exists(self.path("i.json")))

    def test_an_interruption_of_many_gives_those_that_are_done(self):
        m, finished = engram.load(), []

        def progress(state):
            if state.share == 1:
                finished.append(state)
                if len(finished) == 2:
                    os.kill(os.getpid(), signal.SIGINT)

        got = m.trace_many(FACTS * 20, samples=4, progress=progress)
        self.assertIn(len(got), (1, 2, 3))
        self.assertTrue(got[0].complete)
        self.assertEqual(m.predict(PROMPT)[0].text, " Paris")

    def test_an_error_of_the_progress_function_stops_the_trace(self):
        m = engram.load()

        def progress(state):
            raise ZeroDivisionError

        begin = time.monotonic()
        with self.assertRaises(ZeroDivisionError):
            m.trace(PROMPT, subject=SUBJECT, progress=progress, **LONG)
        m.predict(PROMPT)
        self.assertLess(time.monotonic() - begin, PATIENCE)

    def test_a_killed_engine_is_an_exception_and_no_hang(self):
        with engram.Engine() as engine:
            m = engram.load(engine=engine)

            def progress(state):
                os.kill(engine.pid, signal.SIGKILL)

            begin = time.monotonic()
            with self.assertRaises(engram.ProgramDied) as caught:
                m.trace(PROMPT, subject=SUBJECT, progress=progress, **LONG)
            self.assertLess(time.monotonic() - begin, PATIENCE)
            self.assertIn("SIGKILL", str(caught.exception))
            # Between requests, it is started again.
            self.assertEqual(m.predict(PROMPT)[0].text, " Paris")
            os.kill(engine.pid, signal.SIGKILL)
            while engine.pid is not None:
                time.sleep(0.01)
            self.assertEqual(m.predict(PROMPT)[0].text, " Paris")

    def test_the_engine_ends_with_its_program(self):
        script = "import engram, os; m = engram.load(); print(m._engine.pid, flush=True); {}"
        for end in ("pass", "os._exit(3)", "os.kill(os.getpid(), 9)"):
            done = subprocess.run([sys.executable, "-c", script.format(end)], capture_output=True, timeout=PATIENCE)
            pid, deadline = int(done.stdout), time.monotonic() + 20
            while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertFalse(os.path.exists(f"/proc/{pid}"), end)

    def test_a_fork_starts_its_own_engine(self):
        m = engram.load()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                before = m._engine._process.child.pid
                status = 0 if m.predict(PROMPT)[0].text == " Paris" and m._engine.pid != before else 2
                m._engine.close()
            finally:
                os._exit(status)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        self.assertEqual(m.predict(PROMPT)[0].text, " Paris")

    def test_a_thousand_requests_leak_nothing_here(self):
        with engram.Engine() as engine:
            m = engram.load(engine=engine)

            def some(n):
                for _ in range(n):
                    m.trace(PROMPT, subject=SUBJECT, samples=1, threads=1)
                    m.tokenize(PROMPT)
                    with self.assertRaises(engram.InvalidRequest):
                        m.trace(PROMPT, subject="Elephant")
                    m.predict(PROMPT)

            def figures():
                with open("/proc/self/status") as file:
                    return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]), len(os.listdir("/proc/self/fd")), threading.active_count()

            some(50)
            before = figures()
            some(250)
            after = figures()
            print(f"# 1,000 requests: {before[0]} → {after[0]} KiB")
            self.assertLess(after[0] - before[0], 4096)
            self.assertEqual(after[1:], before[1:])
            self.assertEqual(engine._process.waiting, {})


class Errors(WithFolder):
    def test_errors_name_their_argument(self):
        m = engram.load()
        for field, options in [("samples", {"samples": 0}), ("noise_scale", {"noise_scale": "loud"}), ("subject", {"subject": "Elephant"}), ("device", {"device": "abacus"}), ("max_samples", {"max_samples": 20})]:  # fmt: skip
            with self.assertRaises(engram.InvalidRequest) as caught:
                m.trace(PROMPT, **{"subject": SUBJECT, **options})
            self.assertEqual((caught.exception.code, caught.exception.field), ("invalid", field))
        with self.assertRaises(engram.EngramError) as caught:
            engram.load("no/such")
        self.assertEqual((caught.exception.code, caught.exception.field), ("not-found", "model"))
        with self.assertRaises(engram.EngramError) as caught:
            engram.Study(self.folder)
        self.assertEqual((caught.exception.code, caught.exception.field), ("not-found", "folder"))
        with self.assertRaises(TypeError):
            m.trace(PROMPT, subject=SUBJECT, sample=3)
        with self.assertRaises(engram.EngramError):
            m.trace(PROMPT, subject=SUBJECT, noise=float("nan"))
        with self.assertRaises(engram.InvalidRequest):
            m.trace("a\0b", subject="a")

    def test_a_model_is_fetched_only_when_asked(self):
        from hub_server import Hub

        files = {}
        for name in ("config.json", "model.safetensors", "tokenizer.json"):
            with open(os.path.join(os.environ["ENGRAM_DATA_DIR"], "demo", name), "rb") as file:
                files[name] = file.read()
        with Hub({"engram/tiny": files}) as hub, mock.patch.dict(os.environ, HF_ENDPOINT=hub.url, HF_HOME=self.folder), engram.Engine() as engine:
            os.environ.pop("HF_HUB_OFFLINE", None)
            with self.assertRaises(engram.EngramError):
                engram.load("engram/tiny", engine=engine)
            self.assertEqual(hub.log, [])
            self.assertEqual(engram.load("engram/tiny", pull=True, engine=engine).predict(PROMPT)[0].text, " Paris")
            with self.assertRaisesRegex(engram.EngramError, "no public model"):
                engram.load("engram/none", pull=True, engine=engine)

    def test_the_program_is_found_or_it_is_said_how_to_get_it(self):
        def found(**environment):
            with mock.patch.dict(os.environ, environment):
                if "ENGRAM_CLI" not in environment:
                    os.environ.pop("ENGRAM_CLI", None)
                return engram.find_program()

        os.symlink(PROGRAM, self.path("engram-cli"))
        self.assertEqual(found(ENGRAM_CLI=PROGRAM), [PROGRAM])
        self.assertEqual(found(PATH=self.folder), [self.path("engram-cli")])
        with self.assertRaises(engram.ProgramNotFound):
            found(ENGRAM_CLI=self.path("none"))
        built = self.path("_build/src/cli/engram-cli")
        os.makedirs(os.path.dirname(built))
        shutil.copytree(PACKAGE, self.path("python/engram"))
        open(self.path("meson.build"), "w").close()
        shutil.copy(PROGRAM, built)
        script = "import engram; print(engram.find_program())"
        environment = {"PATH": "/nowhere", "PYTHONPATH": self.path("python")}
        done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
        self.assertEqual(ast.literal_eval(done.stdout), [built])
        os.unlink(built)
        done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
        self.assertIn("ENGRAM_CLI", done.stderr.splitlines()[-1])
        # A Flatpak that is installed, by a stand-in for the program flatpak.
        os.mkdir(self.path("bin"))
        with open(self.path("bin/flatpak"), "w") as file:
            file.write('#!/bin/sh\n[ "$1 $2" = "info io.github.engram_app.Engram" ]\n')
        os.chmod(self.path("bin/flatpak"), 0o755)
        done = subprocess.run([sys.executable, "-c", script], env={**environment, "PATH": self.path("bin")}, capture_output=True, text=True)
        places = ["--filesystem=host", f"--filesystem={tempfile.gettempdir()}"]
        self.assertEqual(ast.literal_eval(done.stdout)[1:], ["run", *places, "--command=engram-cli", "io.github.engram_app.Engram"])

    def test_another_program_or_protocol_is_refused_at_once(self):
        ready = json.dumps({"id": None, "event": "ready", "protocol": 2, "version": "9.0", "methods": []})
        for text, said in [("echo hello", "does not answer"), (f"echo '{ready}'; cat >/dev/null", "protocol 2"), ("exit 3", "status 3")]:
            path = self.path("other")
            with open(path, "w") as file:
                file.write(f"#!/bin/sh\n{text}\n")
            os.chmod(path, 0o755)
            with self.assertRaises(engram.WrongProgram) as caught:
                engram.load(program=path)
            self.assertIn(said, str(caught.exception))
        with self.assertRaises(engram.ProgramNotFound):
            engram.load(program=self.path("none"))

    def test_the_module_needs_numpy_alone_and_python_3_9(self):
        for name in sorted(os.listdir(PACKAGE)):
            if name.endswith(".py"):
                with open(os.path.join(PACKAGE, name), encoding="utf-8") as file:
                    tree = ast.parse(file.read(), feature_version=(3, 9))
                for node in tree.body:  # inside functions, libraries may be asked for
                    modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                    modules += [node.module] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
                    for module in modules:
                        self.assertTrue(module in ("numpy", "__future__") or module in sys.stdlib_module_names, f"{name}: {module}")


class Pictures(WithFolder):
    def test_a_result_draws_itself_as_engram_does(self):
        r = engram.load().trace(PROMPT, subject=SUBJECT, samples=2)
        r.save(self.path("a.npz"))
        command_line("plot", self.path("a.npz"), "-o", self.path("a.svg"))
        with open(self.path("a.svg"), encoding="utf-8") as file:
            self.assertEqual(str(r.svg()), file.read())
        text = r._repr_html_()
        self.assertIn("data:image/svg+xml;base64,", text)
        self.assertIn("layer", text)
        r.save(self.path("b.png"))
        with open(self.path("b.png"), "rb") as file:
            self.assertEqual(file.read(8), b"\x89PNG\r\n\x1a\n")
        # Where there is no engram-cli, a plain map.
        with mock.patch.object(r, "_program", [self.path("none")]):
            self.assertIn("data:image/svg+xml;base64,", r._repr_html_())

    def test_a_running_trace_fills_in_live_in_jupyter(self):
        shown = []

        class Handle:
            def update(self, content):
                shown.append(content)

        def display(content, display_id):
            shown.append(content)
            return Handle()

        ipython = types.ModuleType("IPython")
        ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object())
        ipython.display = types.ModuleType("IPython.display")
        ipython.display.HTML = lambda content: content
        ipython.display.display = display
        m = engram.load()
        with mock.patch.dict(sys.modules, {"IPython": ipython, "IPython.display": ipython.display}), mock.patch.object(engram.live, "INTERVAL", 0):
            m.trace(PROMPT, subject=SUBJECT, samples=4)
            n = len(shown)
            m.trace(PROMPT, subject=SUBJECT, samples=4, progress=False)
        self.assertGreater(n, 3)
        self.assertEqual(len(shown), n)
        import base64

        maps = [base64.b64decode(re.search("base64,([^\"]*)", content)[1]).decode().count("<rect") for content in shown[:-1]]
        self.assertEqual(maps[-1], 8 * 6 + 1)
        self.assertLess(maps[0], maps[-1])
        self.assertNotIn("base64", shown[-1])


class Notebook(unittest.TestCase):
    def test_the_notebooks_calls_give_what_it_reads(self):
        mt = engram.notebook.load_mamba_model("demo", device="cpu")
        self.assertEqual((mt.num_layers, mt.device), (8, "cpu"))
        encoded = mt.tokenizer(PROMPT, return_tensors="np").to("cpu")
        self.assertEqual(encoded["input_ids"].shape, (1, 6))
        self.assertEqual("".join(mt.tokenizer.decode([i]) for i in encoded.input_ids[0]), PROMPT)
        self.assertEqual(mt.predict(PROMPT)[0].text, " Paris")
        result = engram.notebook.calculate_hidden_flow(mt, mt.tokenizer, prompt=PROMPT, subject=SUBJECT, samples=10, noise_level=3.0)
        self.assertEqual(
            set(result), {"scores", "low_score", "high_score", "input_tokens", "subject_range", "target_token", "prompt", "subject"}
        )
        told = json.loads(command_line("trace", PROMPT, "--subject", SUBJECT, "--json"))
        self.assertEqual(result["scores"].tolist(), told["scores"])
        self.assertEqual((result["high_score"], result["low_score"]), (told["high_score"], told["low_score"]))
        first, last = result["subject_range"]
        self.assertEqual(result["input_tokens"][first : last + 1], [" Eiffel", " Tower"])
        self.assertEqual(result["target_token"], " Paris")
        with self.assertRaisesRegex(AttributeError, "predict"):
            mt.model


if __name__ == "__main__":
    tap_unittest.main()
