"""The module's studies: the folders of `engram-cli study run`, numbers that NumPy makes again, and what stops goes on. Speaks TAP."""
import base64
import gc
import json
import os
import re
import signal
import subprocess
import sys
import types
import unittest
from unittest import mock

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import tap_unittest  # noqa: E402
from test_serve_study import EIFFEL, PROGRAM, QUICK, QUICK_TYPED, WithFolder, demo_facts, read_folder  # noqa: E402

import engram  # noqa: E402
import engram.live  # noqa: E402
import engram.study  # noqa: E402

LONG = {"samples": 30, "threads": 2}
ROLES = ["subject_first", "subject_middle", "subject_last", "after_first", "further", "last"]


def frame(rows):
    """What a study asks of a pandas.DataFrame."""
    return types.SimpleNamespace(columns=list(rows[0]), to_dict=lambda how: rows)


def role_positions(n_tokens, first, last):
    """src/study/roles.h, said again."""
    ranges = [(first, first), (first + 1, last - 1), (last, last), (last + 1, last + 1), (last + 2, n_tokens - 2), (n_tokens - 1, n_tokens - 1)]
    return [[t for t in range(a, b + 1) if t < n_tokens] for a, b in ranges]


class Studies(WithFolder):
    def known(self, facts, *typed):
        folder = self.path("known")
        self.run_command(self.write_facts(facts), "--folder", folder, *typed)
        return folder

    def test_a_study_is_the_folder_of_the_command_line_byte_by_byte(self):
        facts = demo_facts(6)
        known = self.known(facts, *QUICK_TYPED)
        m = engram.load()
        rows = [dict(fact, relation=fact.get("relation") or float("nan"), more=None) for fact in facts]
        given = {"path": self.path("facts.jsonl"), "dicts": facts, "frame": frame(rows), "generator": (fact for fact in facts)}
        given["pairs"] = [tuple(fact[name] for name in engram.study.NAMES) for fact in facts]
        for form, of_form in given.items():
            s = m.study(of_form, self.path(form), **QUICK)
            self.assertTrue(s.complete)
            self.assertEqual(read_folder(self.path(form)), read_folder(known))
            self.assertEqual(s.document, json.loads(subprocess.run([PROGRAM, "study", "show", known, "--json"], capture_output=True).stdout))
        # Too many for a line go by way of a file.
        with mock.patch.object(engram.study, "LINE_BYTES", 100):
            m.study(facts, self.path("many"), **QUICK)
        self.assertEqual(read_folder(self.path("many")), read_folder(known))

    def test_means_are_those_of_its_facts_by_numpy(self):
        facts = demo_facts(10) + [dict(EIFFEL, target="Rome", id="wrong"), dict(EIFFEL, subject="Big Ben", id="absent")]
        s = engram.load().study(facts, **QUICK)
        self.assertEqual(s.counts, {"total": 12, "traced": 10, "unknown": 1, "unaffected": 0, "failed": 1})
        self.assertEqual((s.roles, s.sites, s.layers, s.model), (ROLES, ["resid", "ssm"], 8, "demo"))
        traced = [fact for fact in s.facts if fact.state == "traced"]
        for k, site in enumerate(("resid", "ssm")):
            here = s[site]
            for role in range(6):
                values = {"score": [], "effect": [], "normalized": []}
                for fact in traced:
                    at = role_positions(len(fact.tokens), *fact.subject_range)[role]
                    if at:
                        score = fact[site].astype(float)[:, at].mean(axis=1)
                        effect = score - fact.low_score
                        for name, value in (("score", score), ("effect", effect), ("normalized", effect / (fact.high_score - fact.low_score))):
                            values[name].append(value)
                n = len(values["score"])
                self.assertEqual(here.n[role], n)
                for name, mean in (("score", here.scores), ("effect", here.effects), ("normalized", here.normalized)):
                    np.testing.assert_allclose(mean[role], np.mean(values[name], axis=0), rtol=0, atol=1e-12)
                    np.testing.assert_allclose(here[name].mean[role], mean[role], rtol=0, atol=0)
                    np.testing.assert_allclose(here[name].sem[role], np.std(values[name], axis=0, ddof=1) / np.sqrt(n), rtol=0, atol=1e-12)
                    np.testing.assert_allclose(here[name].quartiles[:, role], np.quantile(values[name], (0.25, 0.5, 0.75), axis=0), rtol=0, atol=1e-12)
                    self.assertTrue((here[name].interval.lower[role] <= mean[role]).all() and (mean[role] <= here[name].interval.upper[role]).all())
                self.assertEqual(here.peak[role], int(np.argmax(here.effects[role])))
                self.assertEqual(here["normalized"].peak[role], int(np.argmax(here.normalized[role])))
        self.assertIsNone(s.estimate)
        with self.assertRaises(KeyError):
            s["mixer"]

    def test_progress_averages_to_the_means(self):
        states = []
        s = engram.load().study(demo_facts(7), progress=states.append, **QUICK)
        state = states[-1]
        self.assertEqual((state.done, state.total, state.share, state.counts), (7, 7, 1, s.counts))
        self.assertEqual((state.roles, state.sites, state.folder), (s.roles, s.sites, s.folder))
        self.assertIn(state.fact["id"], [fact.id for fact in s.facts])
        np.testing.assert_allclose(state.normalized, s.normalized.T, rtol=0, atol=1e-12)
        np.testing.assert_allclose(state.means["ssm"], s["ssm"].normalized.T, rtol=0, atol=1e-12)

    def test_relations_are_seen_by_themselves(self):
        facts = [dict(fact, relation=("a", "b", None)[i % 3], id=i) for i, fact in enumerate(demo_facts(7))]
        m = engram.load()
        s = m.study(facts, **QUICK)
        self.assertEqual(list(s.relations), ["a", "b"])
        alone = m.study(facts[0::3], **QUICK)
        part = s.relations["a"]
        self.assertEqual((part.relation, part.counts["traced"]), ("a", 3))
        for name in ("score", "effect", "normalized"):
            np.testing.assert_array_equal(part["ssm"][name].mean, alone["ssm"][name].mean)
        self.assertEqual([fact.id for fact in part.facts], ["0", "3", "6"])
        self.assertIn("relation 'a'", repr(part))
        with self.assertRaises(engram.InvalidRequest):
            part.save(self.path("a.csv"))

    def test_estimates_are_no_scores(self):
        facts = demo_facts(3)
        known = self.known(facts, "--estimate", "--ig", "1")
        s = engram.load().study(facts, self.path("s"), estimate=True, ig=1)
        self.assertEqual(read_folder(self.path("s")), read_folder(known))
        self.assertTrue(s.estimated)
        self.assertEqual((s.estimate.shape, s["estimate"].mean.shape), ((6, 8), (6, 8)))
        with self.assertRaisesRegex(engram.EngramError, "estimates, which are no scores"):
            s.scores
        self.assertIsNone(s.facts[0].scores)
        self.assertEqual(s.facts[0].estimate.shape, (8, len(s.facts[0].tokens)))

    def test_a_folder_is_read_without_a_model_and_facts_are_those_of_its_arrays(self):
        facts = demo_facts(4) + [dict(EIFFEL, subject="Big Ben", id="absent", relation="x")]
        known = self.known(facts, *QUICK_TYPED)
        with engram.Engine() as engine:
            for s in (engram.Study(known, engine=engine), engram.Study.open(known, engine=engine)):
                self.assertTrue(s.complete)
                self.assertEqual(s.counts["traced"], 4)
        self.assertEqual(s.arrays["scores"].tobytes(), np.load(os.path.join(known, "results.npz"))["scores"].tobytes())
        from_lines = engram.study._facts_of_lines(s._show(["--facts"]).splitlines(), s.sites)
        self.assertEqual(len(s.facts), len(from_lines))
        for fact, other in zip(s.facts, from_lines):
            ours, theirs = dict(vars(fact)), dict(vars(other))
            grids, others = ours.pop("sites"), theirs.pop("sites")
            self.assertEqual(repr(ours), repr(theirs))  # as texts: NaN is not equal to itself
            self.assertEqual({site: sorted(arrays) for site, arrays in grids.items()}, {site: sorted(arrays) for site, arrays in others.items()})
            for site in grids:
                for name in grids[site]:
                    self.assertEqual(grids[site][name].tobytes(), others[site][name].tobytes())
        self.assertEqual((s.facts[4].state, s.facts[4].relation, s.facts[4].scores), ("failed", "x", None))
        with self.assertRaises(engram.EngramError) as caught:
            engram.Study(self.path("none"))
        self.assertEqual((caught.exception.code, caught.exception.field), ("not-found", "folder"))

    def test_errors_name_their_argument(self):
        m = engram.load()
        for field, options in [
            ("facts", {"facts": [EIFFEL, {"prompt": "x"}]}),
            ("facts", {"facts": []}),
            ("facts", {"facts": ["x"]}),
            ("facts", {"facts": [5]}),
            ("facts", {"facts": self.path("none.csv")}),
            ("folder", {"folder": self.path("facts.jsonl")}),
            ("samples", {"samples": 0}),
            ("min_effect", {"min_effect": 1}),
            ("shard", {"shard": "3/2"}),
            ("limit", {"limit": 0}),
            ("site", {"site": ["resid", "attn"]}),
        ]:
            self.write_facts([EIFFEL])
            with self.assertRaises(engram.EngramError) as caught:
                m.study(**{"facts": [EIFFEL], **options})
            self.assertEqual(caught.exception.field, field, options)

    def test_without_a_folder_it_goes_with_the_study(self):
        s = engram.load().study([EIFFEL], samples=1)
        folder, part = s.folder, s["effect"]
        self.assertTrue(os.path.exists(os.path.join(folder, "results.npz")))
        del s
        gc.collect()
        self.assertTrue(os.path.exists(folder))
        del part
        gc.collect()
        self.assertFalse(os.path.exists(os.path.dirname(folder)))


class Stopping(WithFolder):
    def test_an_interrupted_study_gives_what_is_there_and_goes_on_to_the_same_bytes(self):
        m, facts, sent = engram.load(), demo_facts(12), []

        def progress(state):
            if state.done >= 3 and not sent:
                sent.append(True)
                os.kill(os.getpid(), signal.SIGINT)

        s = m.study(facts, self.path("s"), progress=progress, **LONG)
        self.assertFalse(s.complete)
        self.assertIn("not complete", repr(s))
        self.assertGreaterEqual(s.counts["traced"], 3)
        self.assertGreater(s.counts["left"], 0)
        self.assertEqual(len(s.facts), s.counts["traced"])
        self.assertFalse(np.isnan(s.scores[0]).any())
        self.assertIn("goes on with it", s._repr_html_())
        with self.assertRaises(engram.EngramError):
            s.arrays
        begun = []
        after = m.study(facts, self.path("s"), progress=lambda state: begun.append(state.done), **LONG)
        self.assertEqual(begun[0], s.counts["traced"])
        m.study(facts, self.path("whole"), **LONG)
        self.assertEqual(read_folder(self.path("s")), read_folder(self.path("whole")))
        s.refresh()
        self.assertTrue(s.complete)
        self.assertEqual(s.document, after.document)

    def test_a_killed_engine_is_an_exception_and_its_study_goes_on(self):
        facts = demo_facts(10)
        with engram.Engine() as engine:
            m = engram.load(engine=engine)

            def progress(state):
                if state.done >= 2 and engine.pid is not None:
                    os.kill(engine.pid, signal.SIGKILL)

            with self.assertRaises(engram.ProgramDied):
                m.study(facts, self.path("s"), progress=progress, **LONG)
            self.assertGreaterEqual(engram.Study(self.path("s"), engine=engine).counts["traced"], 2)
            m.study(facts, self.path("s"), **LONG)
            m.study(facts, self.path("whole"), **LONG)
        self.assertEqual(read_folder(self.path("s")), read_folder(self.path("whole")))

    def test_an_error_of_the_progress_function_stops_it(self):
        def progress(state):
            raise ZeroDivisionError

        m = engram.load()
        with self.assertRaises(ZeroDivisionError):
            m.study(demo_facts(5), self.path("s"), progress=progress, **LONG)
        self.assertGreater(m.study(demo_facts(5), self.path("s"), **LONG).counts["traced"], 0)


class Pictures(WithFolder):
    def test_a_study_draws_and_saves_itself_as_engram_does(self):
        s = engram.load().study(demo_facts(4), self.path("s"), **QUICK)

        def show(*options):
            subprocess.run([PROGRAM, "study", "show", self.path("s"), "-o", *options], check=True, capture_output=True)

        show(self.path("known.svg"))
        with open(self.path("known.svg"), encoding="utf-8") as file:
            self.assertEqual(str(s.svg()), file.read())
        show(self.path("known.svg"), "--site", "ssm", "--quantity", "normalized", "--by", "relation", "--title", "x")
        with open(self.path("known.svg"), encoding="utf-8") as file:
            self.assertEqual(str(s["ssm"]["normalized"].svg(by="relation", title="x")), file.read())
        for name in ("t.csv", "t.tex", "t.png"):
            s.save(self.path(name))
            show(self.path("known-" + name))
            with open(self.path(name), "rb") as ours, open(self.path("known-" + name), "rb") as theirs:
                self.assertEqual(ours.read(), theirs.read())
        s.save(self.path("t.json"))
        with open(self.path("t.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file), s.document)
        with self.assertRaises(engram.InvalidRequest):
            s.save(self.path("t.docx"))
        for part in (s, s.relations["location"]):
            text = part._repr_html_()
            self.assertIn("data:image/svg+xml;base64,", text)
            self.assertIn("4 traced", text)

    def test_a_running_study_fills_in_live_in_jupyter(self):
        shown = []
        ipython = types.ModuleType("IPython")
        ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object())
        ipython.display = types.ModuleType("IPython.display")
        ipython.display.HTML = lambda content: content
        ipython.display.display = lambda content, display_id: shown.append(content) or types.SimpleNamespace(update=shown.append)
        m = engram.load()
        with mock.patch.dict(sys.modules, {"IPython": ipython, "IPython.display": ipython.display}), mock.patch.object(engram.live, "INTERVAL", 0):
            m.study(demo_facts(6), samples=2)
            n = len(shown)
            m.study(demo_facts(2), samples=1, progress=False)
        self.assertEqual((n, len(shown)), (8, 8))  # the beginning, six facts, the end
        drawings = [base64.b64decode(re.search('base64,([^"]*)', content)[1]).decode() for content in shown[:-1]]
        self.assertEqual(drawings[0].count("<rect"), 1)
        self.assertIn(drawings[-1].count("<rect"), (8 * 5 + 1, 8 * 6 + 1))
        self.assertIn("subject_last", drawings[-1])
        self.assertIn("6 of 6 facts", shown[-2])
        self.assertNotIn("base64", shown[-1])

    def test_tables_have_a_row_each(self):
        pandas = types.ModuleType("pandas")
        pandas.DataFrame = lambda data, columns=None: data
        pandas.concat = lambda parts, ignore_index: parts
        s = engram.load().study(demo_facts(3), **QUICK)
        with mock.patch.dict(sys.modules, {"pandas": pandas}):
            parts, rows = s.to_pandas(), s.to_pandas(facts=True)
        self.assertEqual([(part["relation"][0], part["site"][0]) for part in parts], [(r, site) for r in (None, "location") for site in ("resid", "ssm")])
        part = parts[1]
        self.assertEqual({len(column) for column in part.values()}, {48})
        self.assertEqual((part["role"][17], part["layer"][17], part["n"][17]), ("subject_last", 1, 3))
        self.assertEqual(part["effect"][17], s["ssm"].effects[2, 1])
        self.assertEqual(part["normalized_lower"][17], s["ssm"]["normalized"].interval.lower[2, 1])
        self.assertEqual(part["score_median"][17], s["ssm"].quartiles[1, 2, 1])
        self.assertEqual([row["target"] for row in rows], [fact.target for fact in s.facts])
        self.assertEqual(rows[0]["high_score"], s.facts[0].high_score)

    def test_its_plot_is_the_means_in_the_look_of_a_traces(self):
        try:
            import matplotlib
        except ImportError:
            self.skipTest("there is no matplotlib")
        matplotlib.use("Agg")
        s = engram.load().study(demo_facts(3), **QUICK)
        image = s["ssm"].plot().images[0]
        np.testing.assert_array_equal(np.asarray(image.get_array()), s["ssm"].normalized.T)
        self.assertEqual((image.get_clim(), image.get_cmap().name), ((0, 1), "RdYlBu_r"))
        ax = s.plot(quantity="effect", title="x")
        self.assertEqual((ax.get_title(), ax.get_xticklabels()[0].get_text()), ("x", "subject_first (3)"))


if __name__ == "__main__":
    tap_unittest.main()
