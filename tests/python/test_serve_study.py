"""engram-cli serve's studies: the folders of `engram-cli study run`, byte by byte; cancelled, gone on with, and asked for in hostile ways.
Speaks TAP."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap_unittest  # noqa: E402
from test_serve import PROGRAM, Served, command_line  # noqa: E402

FILES = ("study.json", "facts.jsonl", "journal", "results.npz")
QUICK = {"samples": 2, "site": ["resid", "ssm"]}
QUICK_TYPED = ["--samples", "2", "--site", "resid,ssm"]
LONG = {"samples": 100, "threads": 2}
EIFFEL = {"prompt": "The Eiffel Tower is located in", "subject": "Eiffel Tower", "target": "Paris"}


def demo_facts(n):
    with open(os.path.join(os.environ["ENGRAM_DATA_DIR"], "demo/facts.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file][:n]


def read_folder(folder):
    files = {}
    for name in FILES:
        with open(os.path.join(folder, name), "rb") as file:
            files[name] = file.read()
    assert sorted(os.listdir(folder)) == sorted([".lock", *FILES]), os.listdir(folder)
    return files


class WithFolder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="engram-serve-study-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write_facts(self, facts, name="facts.jsonl"):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.writelines(json.dumps(fact) + "\n" for fact in facts)
        return self.path(name)

    def run_command(self, *arguments):
        return subprocess.run([PROGRAM, "study", "run", *arguments], check=True, capture_output=True).stdout


class Studies(WithFolder):
    def test_a_study_is_the_folder_of_the_command_line_byte_by_byte(self):
        facts = demo_facts(9)
        path = self.write_facts(facts)
        cases = [
            (QUICK, QUICK_TYPED),
            ({"estimate": True, "limit": 5, "min_effect": 0, "noise-scale": "embedding"}, "--estimate --limit 5 --min-effect 0 --noise-scale embedding".split()),
            ({"samples": 1, "shard": "2/3", "metric": "logit", "direction": "damage"}, "--samples 1 --shard 2/3 --metric logit --direction damage".split()),
        ]  # fmt: skip
        with Served() as served:
            for i, (members, typed) in enumerate(cases):
                known = self.path(f"known-{i}")
                self.run_command(path, "--folder", known, *typed)
                for form, given in (("path", path), ("list", facts)):
                    folder = self.path(f"{form}-{i}")
                    event = served.ask(method="study", facts=given, folder=folder, progress=False, **members)
                    self.assertEqual(event["event"], "result", event)
                    self.assertEqual((event["complete"], event["folder"]), (True, folder))
                    self.assertEqual(read_folder(folder), read_folder(known))
                    self.assertEqual(event["result"], command_line("study", "show", known))
                    self.assertEqual(served.ask(method="study-show", folder=folder)["result"], event["result"])

    def test_every_option_of_the_command_is_a_member(self):
        text = subprocess.run([PROGRAM, "study", "run", "--help"], capture_output=True, text=True).stdout
        options = {word.strip(",").partition("=")[0][2:] for line in text.splitlines() for word in line.split()[:2] if word.startswith("--")}
        self.assertGreater(len(options), 25)
        with Served() as served:
            # A member that is null is as if it were not there; a name that is not known is an error all the same.
            for name in options - {"folder", "json", "help", "pull", "gemm"}:
                self.assertEqual(served.error_of(method="study", **{name: None})["field"], "folder", name)
            for name in ("subject", "target", "keep-samples", "knockout", "prompt", "sample"):
                self.assertEqual(served.error_of(method="study", **{name: None})["field"], name)

    def test_progress_counts_facts_and_its_curves_average_to_the_result(self):
        facts = demo_facts(8) + [dict(EIFFEL, target="Rome", id="wrong"), dict(EIFFEL, subject="Big Ben", id="absent")]
        with Served() as served:
            served.send(id=1, **QUICK, method="study", facts=facts, folder=self.path("s"), **{"each-fact": True})
            start = served.next()
            self.assertEqual((start["event"], start["sites"], start["layers"], len(start["roles"])), ("start", ["resid", "ssm"], 8, 6))
            self.assertEqual(start["facts"], {"total": 10, "traced": 0, "unknown": 0, "unaffected": 0, "failed": 0, "left": 10})
            events = [served.next() for _ in range(10)]
            last = served.next()
            self.assertEqual((last["event"], last["complete"]), ("result", True))
            self.assertEqual([event["done"] for event in events], sorted(event["done"] for event in events))
            self.assertEqual(events[-1]["done"], 10)
            self.assertEqual(events[-1]["facts"], {"total": 10, "traced": 8, "unknown": 1, "unaffected": 0, "failed": 1})
            self.assertGreater(events[-1]["rate"], 0)
            self.assertEqual(events[-1]["left"], 0)
            lines = subprocess.run([PROGRAM, "study", "show", self.path("s"), "--facts"], check=True, capture_output=True).stdout.splitlines()
            self.assertEqual(sorted((event["fact"] for event in events), key=lambda fact: fact["index"]), [json.loads(line) for line in lines])
            for site in ("resid", "ssm"):
                for role in range(6):
                    curves = [event["normalized"][site][role] for event in events if event["normalized"] is not None]
                    known = [curve for curve in curves if curve is not None]
                    self.assertEqual(len(known), last["result"]["sites"][site]["n"][role])
                    np.testing.assert_allclose(np.mean(known, axis=0), last["result"]["sites"][site]["normalized"][role], rtol=0, atol=1e-12)
            # Usually there is an event now and then, and the last one says that all is done.
            served.send(id=2, **QUICK, method="study", facts=facts, folder=self.path("t"))
            served.next()
            while (event := served.next())["event"] == "progress":
                self.assertNotIn("fact", event)
                done = event["done"]
            self.assertEqual(done, 10)

    def test_a_cancelled_study_goes_on_to_the_same_bytes(self):
        facts = demo_facts(12)
        request = dict(LONG, samples=30, method="study", facts=facts, folder=self.path("stopped"))
        with Served() as served:
            served.send(id=1, **request, **{"each-fact": True})
            while served.next().get("done", 0) < 3:
                pass
            served.send(id=2, method="cancel", request=1)
            self.assertEqual(served.end_of(2)[0]["result"], {"cancelled": True})
            stopped = served.end_of(1)[0]
            self.assertEqual((stopped["event"], stopped["complete"]), ("result", False))
            self.assertGreaterEqual(stopped["result"]["facts"]["traced"], 3)
            self.assertGreater(stopped["result"]["facts"]["left"], 0)
            self.assertEqual(stopped["result"], command_line("study", "show", self.path("stopped")))
            self.assertFalse(served.ask(method="study-show", folder=self.path("stopped"))["complete"])
            served.send(id=3, **request)
            start = served.next()
            self.assertEqual(start["facts"], stopped["result"]["facts"])
            after = served.end_of(3)[0]
            self.assertTrue(after["complete"])
            whole = served.ask(**dict(request, folder=self.path("whole")))
            self.assertEqual(after["result"], whole["result"])
            self.assertEqual(read_folder(self.path("stopped")), read_folder(self.path("whole")))
            # Finished, it is answered at once; and what the command began, goes on here.
            self.assertEqual(served.ask(**request)["result"], whole["result"])
            self.run_command(self.write_facts(facts), "--folder", self.path("stopped"), "--samples", "30")

    def test_a_study_that_waits_can_be_cancelled(self):
        with Served() as served:
            served.send(id=1, **LONG, method="study", facts=demo_facts(40), folder=self.path("a"))
            served.send(id=2, **LONG, method="study", facts=demo_facts(40), folder=self.path("b"))
            while served.next()["event"] != "start":
                pass
            served.send(id=3, method="cancel", request=2)
            served.send(id=4, method="cancel", request=1)
            self.assertFalse(served.end_of(1)[0]["complete"])
            self.assertEqual(served.end_of(2)[0]["error"]["code"], "cancelled")
            self.assertFalse(os.path.exists(self.path("b")))

    def test_a_file_of_facts_is_read_as_a_study_reads_it(self):
        with open(self.path("facts.csv"), "w") as file:
            file.write('relation,prompt,subject,target\nsight,"{} is located in",The Eiffel Tower,Paris\n,Where is Big Ben,Big Ben,\n')
        known = [
            {"id": "1", "prompt": "The Eiffel Tower is located in", "subject": "The Eiffel Tower", "target": "Paris", "relation": "sight"},
            {"id": "2", "prompt": "Where is Big Ben", "subject": "Big Ben", "target": None, "relation": None},
        ]
        with Served() as served:
            self.assertEqual(served.ask(method="facts", facts=self.path("facts.csv"))["result"]["facts"], known)
            self.assertEqual(served.ask(method="facts", facts=self.path("facts.csv"), limit=1)["result"]["facts"], known[:1])
            self.assertEqual(len(served.ask(method="facts", facts="demo", limit=30)["result"]["facts"]), 30)


class Hostile(WithFolder):
    def test_errors_name_the_field(self):
        facts = [EIFFEL]
        with open(self.path("file"), "w") as file:
            file.write("no folder")
        with open(self.path("letter.txt"), "w") as file:
            file.write("Dear Sir,\n")
        with Served() as served:
            good = dict(method="study", facts=facts, folder=self.path("s"))
            for field, code, members in [
                ("folder", "invalid", {"folder": None}),
                ("folder", "invalid", {"folder": 5}),
                ("folder", None, {"folder": self.path("file")}),
                ("facts", "invalid", {"facts": None}),
                ("facts", "invalid", {"facts": 7}),
                ("facts", "invalid", {"facts": {}}),
                ("facts", "invalid", {"facts": []}),
                ("facts", "invalid", {"facts": [EIFFEL, "Big Ben"]}),
                ("facts", "format", {"facts": [EIFFEL, {"prompt": "x"}]}),
                ("facts", "format", {"facts": [{"prompt": ["x"], "subject": "x"}]}),
                ("facts", "format", {"facts": [dict(EIFFEL, id=1), dict(EIFFEL, id=1)]}),
                ("facts", "format", {"facts": [dict(EIFFEL, prompt="\0")]}),
                ("facts", "not-found", {"facts": self.path("none.csv")}),
                ("facts", "format", {"facts": self.path("letter.txt")}),
                ("facts", None, {"facts": self.folder}),
                ("limit", "invalid", {"limit": 0}),
                ("limit", "invalid", {"limit": 1 << 40}),
                ("shard", "invalid", {"shard": "3/2"}),
                ("shard", "invalid", {"shard": "1"}),
                ("shard", "invalid", {"shard": 1}),
                ("min-effect", "invalid", {"min-effect": 1}),
                ("min-effect", "invalid", {"min_effect": -1}),
                ("min-effect", "invalid", {"min_effect": -0.5}),
                ("min_effect", "invalid", {"min_effect": 0.1, "min-effect": 0.1}),
                ("estimate", "invalid", {"estimate": "yes"}),
                ("each-fact", "invalid", {"each-fact": 1}),
                ("samples", "invalid", {"samples": 0}),
                ("site", "invalid", {"site": "attn"}),
                ("freeze", "invalid", {"freeze": "attn"}),
                ("metric", "invalid", {"metric": "all"}),
                ("sweep", "invalid", {"sweep": "layers"}),
                ("threads", "invalid", {"threads": 0}),
                ("model", "not-found", {"model": "no/such"}),
                ("subject", "invalid", {"subject": "Eiffel"}),
            ]:  # fmt: skip
                error = served.error_of(**dict(good, **members))
                self.assertEqual(error["field"], field, (members, error))
                if code is not None:
                    self.assertEqual(error["code"], code, (members, error))
            self.assertEqual(served.error_of(method="study-show", folder=self.path("none"))["code"], "not-found")
            self.assertEqual(served.error_of(method="facts", facts=self.path("letter.txt"))["field"], "facts")
            self.assertEqual(served.error_of(method="facts", facts=[3])["field"], "facts")
            # A list's lines are its facts; and after all that, a study is one.
            self.assertIn("facts.jsonl:2: ", served.error_of(**dict(good, facts=[EIFFEL, {"subject": "x"}]))["message"])
            self.assertTrue(served.ask(**good)["complete"])

    def test_a_folder_is_gone_on_with_by_its_own_study_alone(self):
        good = dict(QUICK, method="study", facts=demo_facts(4), folder=self.path("s"))
        with Served() as served:
            served.ask(**good)
            before = read_folder(self.path("s"))
            for members in ({"samples": 3}, {"facts": demo_facts(3)}, {"limit": 2}, {"shard": "1/2"}, {"estimate": True}, {"model": "demo-gpt2", "site": "resid"}):
                error = served.error_of(**dict(good, **members))
                self.assertEqual((error["code"], error["field"]), ("invalid", "folder"), (members, error))
            self.assertEqual(read_folder(self.path("s")), before)

    def test_two_programs_do_not_share_a_folder(self):
        request = dict(LONG, method="study", facts=demo_facts(40), folder=self.path("s"))
        with Served() as one, Served() as other:
            one.send(id=1, **request)
            while one.next()["event"] != "progress":
                pass
            self.assertEqual(other.error_of(**request)["field"], "folder")
            self.assertFalse(other.ask(method="study-show", folder=self.path("s"))["complete"])
            one.send(id=2, method="cancel", request=1)
            self.assertFalse(one.end_of(1)[0]["complete"])
            other.send(id=3, **request)
            while other.next()["event"] != "progress":
                pass

    def test_a_damaged_folder_is_refused(self):
        good = dict(QUICK, method="study", facts=demo_facts(3), folder=self.path("s"))
        with Served() as served:
            served.ask(**good)
            with open(self.path("s/study.json"), "w") as file:
                file.write("{")
            for request in (good, {"method": "study-show", "folder": self.path("s")}):
                error = served.error_of(**request)
                self.assertEqual((error["code"], error["field"]), ("format", "folder"), error)

    def test_many_studies_leak_nothing(self):
        def figures(pid):
            return len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task")), len(os.listdir(self.path("tmp")))

        os.mkdir(self.path("tmp"))
        with Served(stderr=subprocess.PIPE, env=dict(os.environ, TMPDIR=self.path("tmp"))) as served:
            for round in range(2):
                for i in range(20):
                    folder = self.path(f"s-{round}-{i}")
                    served.ask(method="study", facts=[EIFFEL], folder=folder, samples=1, threads=2)
                    served.error_of(method="study", facts=[EIFFEL, {}], folder=folder + "-none")
                    served.ask(method="study-show", folder=folder)
                    served.ask(method="facts", facts=[EIFFEL])
                    served.error_of(method="facts", facts=[{}])
                if round == 0:
                    before = figures(served.process.pid)
            after = figures(served.process.pid)
            self.assertEqual(after[2], 0, "facts of a request are left over")
            self.assertLessEqual(after[0], before[0] + 1)
            self.assertLessEqual(after[1], before[1] + 2)
            # With sanitizers, the end looks for what was forgotten.
            self.assertEqual(served.finish(), 0, served.process.stderr.read().decode()[-4000:])


if __name__ == "__main__":
    tap_unittest.main()
