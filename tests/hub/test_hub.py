"""engram-cli pull against a Hub of our own on the loopback. Speaks TAP.

    test_hub.py SOURCES ENGRAM-CLI
"""
import fcntl
import hashlib
import json
import os
import shutil
import signal
import sys
import time

sys.path[:0] = [os.path.join(sys.argv[1], "tests/install"), os.path.join(sys.argv[1], "tests/hub")]
import tap  # noqa: E402
from hub_server import git_id  # noqa: E402
from pulling import EXTRA, FILES, NAME, PATIENCE, PROMPT, WEIGHTS, cache, count  # noqa: E402


def test_what_is_pulled_is_the_cache_of_huggingface_hub_and_opens():
    with cache() as c:
        document = c.pull()
        c.check()
        assert document["commit"] == c.hub.repos[NAME].commit
        assert document["folder"] == os.path.join(c.repository, "snapshots", document["commit"])
        assert [file["name"] for file in document["files"]] == sorted(FILES, key=lambda name: len(FILES[name]))
        status, out, err = c.run("predict", PROMPT, "--model", NAME, "--top", "1")
        assert status == 0 and "Paris" in out, err
        # Nothing is fetched twice.
        before = count(c.hub, "storage")
        assert all(file["here"] for file in c.pull()["files"])
        assert count(c.hub, "storage") == before


def test_a_dry_run_writes_nothing():
    with cache() as c:
        files = c.pull("--dry-run")["files"]
        assert {file["name"]: file["bytes"] for file in files} == {name: len(content) for name, content in FILES.items()}
        assert not any(file["here"] for file in files)
        assert os.listdir(c.folder) == [] and count(c.hub, "storage") == 0


def test_a_model_is_fetched_by_its_name_only_when_asked():
    with cache() as c:
        message = c.refused("predict", PROMPT, "--model", NAME)
        assert NAME in message and c.hub.log == []
        status, out, err = c.run("predict", PROMPT, "--model", NAME, "--pull", "--top", "1")
        assert status == 0 and "Paris" in out, err
        n = len(c.hub.log)
        assert c.run("predict", PROMPT, "--model", NAME, "--pull")[0] == 0
        assert len(c.hub.log) == n


def test_shards_come_with_their_index_and_bin_without_safetensors():
    index = json.dumps({"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}).encode()
    shards = {"config.json": b"{}", "model.safetensors.index.json": index, "model-00001-of-00002.safetensors": b"1" * 99, "model-00002-of-00002.safetensors": b"2" * 99}  # fmt: skip
    with cache({**shards, "pytorch_model.bin": b"x", "model-extra.safetensors": b"y"}) as c:
        c.pull()
        c.check(shards)
    binary = {"config.json": b"{}", "pytorch_model.bin": b"x" * 99, "vocab.json": b"{}", "merges.txt": b"#"}
    with cache({**binary, "flax_model.msgpack": b"y"}) as c:
        c.pull()
        c.check(binary)


def test_a_download_goes_on_after_a_cut_at_every_tenth():
    with cache() as c:
        for tenth in range(10):
            shutil.rmtree(c.repository, ignore_errors=True)
            c.hub.log.clear()
            c.hub.cuts = [len(WEIGHTS) * tenth // 10]
            c.pull()
            c.check()
            ranges = [headers.get("Range") for command, kind, _, headers in c.hub.log if (command, kind) == ("GET", "storage")]
            assert ranges == [None, f"bytes={len(WEIGHTS) * tenth // 10}-" if tenth else None], ranges


def test_many_cuts_are_survived_and_endless_ones_are_not():
    with cache() as c:
        c.hub.cuts = [len(WEIGHTS) * n // 40 for n in range(1, 40)]
        c.pull()
        c.check()
    with cache() as c:
        c.hub.cuts = [1000] * 50
        assert "breaks off" in c.refused()
        assert [blob for blob in c.blobs() if blob.endswith(".incomplete")]
        c.hub.cuts = []
        c.pull()
        c.check()
        assert [h.get("Range") for m, k, _, h in c.hub.log if (m, k) == ("GET", "storage")][-1] == "bytes=1000-"


def test_what_a_killed_pull_left_is_gone_on_with():
    for how in (signal.SIGKILL, signal.SIGINT):
        with cache() as c:
            c.hub.piece, c.hub.pause = 100000, 0.05
            process = c.start()
            part = os.path.join(c.repository, "blobs", hashlib.sha256(WEIGHTS).hexdigest() + ".incomplete")
            while not os.path.exists(part) or os.path.getsize(part) < 500000:
                time.sleep(0.01)
            process.send_signal(how)
            process.communicate(timeout=PATIENCE)
            size = os.path.getsize(part)
            assert process.returncode in (-9, 130) and 500000 <= size < len(WEIGHTS)
            assert not os.path.exists(os.path.join(c.repository, "refs/main"))
            c.hub.pause = 0
            c.pull()
            c.check()
            assert c.hub.log[-1][3]["Range"] == f"bytes={size}-"


def test_parts_of_other_programs_are_used_and_not_left_behind():
    etag = hashlib.sha256(WEIGHTS).hexdigest()
    with cache() as c:
        blobs = os.path.join(c.repository, "blobs")
        os.makedirs(blobs)
        for name, content in [("1234abcd.incomplete", WEIGHTS[:70000]), ("ffff0000.incomplete", WEIGHTS[:900000]), ("incomplete", b"x")]:
            with open(os.path.join(blobs, f"{etag}.{name}"), "wb") as file:
                file.write(content)
        c.pull()
        c.check()
        assert c.hub.log[-1][3]["Range"] == "bytes=900000-"
    # One that is wrong, or too long, costs a second try and no more.
    for content in (b"x" * 5000, WEIGHTS + b"x", b"y" * len(WEIGHTS)):
        with cache() as c:
            os.makedirs(os.path.join(c.repository, "blobs"))
            with open(os.path.join(c.repository, "blobs", f"{etag}.00001111.incomplete"), "wb") as file:
                file.write(content)
            c.pull()
            c.check()


def test_a_wrong_hash_leaves_nothing():
    with cache() as c:
        c.hub.spoil = True
        assert "another hash" in c.refused()
        assert c.blobs() == [] and not os.path.exists(os.path.join(c.repository, "refs"))
        c.hub.spoil = False
        c.pull()
        c.check()


def test_a_server_that_ignores_ranges_sends_all_of_it_again():
    with cache() as c:
        c.hub.ignores_range, c.hub.cuts = True, [700000]
        c.pull()
        c.check()
        assert count(c.hub, "storage") == 2


def test_another_range_than_was_asked_for_is_not_glued():
    with cache() as c:
        c.hub.cuts = [700000]

        def shifted(handler, path):
            if handler.server.kind == "storage" and handler.headers.get("Range"):
                c.hub.faults.clear()
                handler.answer(206, {"Content-Range": f"bytes 700001-{len(WEIGHTS) - 1}/{len(WEIGHTS)}"}, WEIGHTS[700001:])
                return True
            return False

        c.hub.faults.append(shifted)
        c.pull()
        c.check()


def test_slow_drips_arrive_and_silence_is_a_cut():
    files = {**FILES, "model.safetensors": WEIGHTS[:3000]}
    with cache(files) as c:
        c.hub.piece, c.hub.pause = 10, 0.01
        c.pull()
        c.check(files)
    with cache() as c:
        def silent(handler, path):
            if handler.server.kind == "storage":
                c.hub.faults.clear()
                handler.send_response(200)
                handler.send_header("Content-Length", str(len(WEIGHTS)))
                handler.end_headers()
                handler.wfile.write(WEIGHTS[:100])
                handler.wfile.flush()
                time.sleep(3)
                handler.close_connection = True
                return True
            return False

        c.hub.faults.append(silent)
        begin = time.monotonic()
        c.pull(HF_HUB_DOWNLOAD_TIMEOUT="1")
        c.check()
        assert time.monotonic() - begin < 60


def test_too_many_requests_are_waited_for():
    with cache() as c:
        left = [2]

        def busy(handler, path):
            if left[0] and handler.server.kind == "hub":
                left[0] -= 1
                handler.answer(429, {"Retry-After": "1"})
                return True
            return False

        c.hub.faults.append(busy)
        begin = time.monotonic()
        c.pull()
        c.check()
        assert time.monotonic() - begin >= 2
    with cache() as c:
        c.hub.faults.append(lambda handler, path: handler.answer(429, {"Retry-After": "7200"}) or True)
        assert "120 minutes" in c.refused() and len(c.hub.log) == 1


def test_servers_that_fail_are_asked_again_and_then_named():
    with cache() as c:
        failures = [500, 502, 503]

        def fail(handler, path):
            if failures and handler.server.kind == "storage":
                handler.answer(failures.pop())
                return True
            return False

        c.hub.faults.append(fail)
        c.pull()
        c.check()
    with cache() as c:
        c.hub.faults.append(lambda handler, path: handler.answer(503) or True)
        assert "(503)" in c.refused()
    with cache() as c:
        message = c.refused(HF_ENDPOINT="http://127.0.0.1:9")
        assert "127.0.0.1 cannot be reached" in message


def test_statuses_are_sentences():
    with cache() as c:
        assert "no public model" in c.refused("pull", "engram/none")
        assert "no such revision" in c.refused("pull", NAME, "--revision", "v9")
        c.hub.repos[NAME].private = True
        assert "HF_TOKEN" in c.refused()
        assert "(404)" in c.refused(HF_TOKEN="bad")
        c.hub.repos[NAME].private, c.hub.repos[NAME].gated = False, True
        assert f"gated: ask for access at {c.hub.url}/{NAME}" in c.refused()
        c.hub.repos[NAME].gated = False
        c.hub.faults.append(lambda handler, path: handler.answer(403) or True)
        assert "(403)" in c.refused()
        for name in ("../x/y", "a/b/c", "a/..", "", "a b/c", "-x/y"):
            assert "OWNER/NAME" in c.refused("pull", "--", name), name
        assert "no name on the Hub" in c.refused("pull", NAME, "--revision", "../../x")


def test_the_token_is_sent_to_the_hub_alone():
    for place in ("variable", "file"):
        with cache() as c:
            c.hub.repos[NAME].private = True
            if place == "file":
                with open(os.path.join(c.folder, "token"), "w") as file:
                    file.write("good\n")
            c.pull(**({"HF_TOKEN": "good"} if place == "variable" else {}))
            c.check()
            assert {headers.get("Authorization") for _, kind, _, headers in c.hub.log if kind == "hub"} == {"Bearer good"}
            assert {headers.get("Authorization") for _, kind, _, headers in c.hub.log if kind == "storage"} == {None}


def test_offline_asks_nobody():
    with cache() as c:
        for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
            assert "HF_HUB_OFFLINE" in c.refused(**{variable: "1"})
        assert c.hub.log == []


def test_redirections_have_an_end_and_lead_to_servers_alone():
    for location in ("{url}{path}", "file:///etc/passwd", "ftp://127.0.0.1/x", "", "http://"):
        with cache() as c:
            def redirect(handler, path, location=location, c=c):
                if handler.command == "GET" and "resolve" in path:
                    handler.answer(302, {"Location": location.format(url=c.hub.url, path=handler.path)})
                    return True
                return False

            c.hub.faults.append(redirect)
            assert "redirects" in c.refused()
            assert len(c.hub.log) < 40 and c.blobs() == []
    with cache() as c:  # of a repository that has another name now
        def renamed(handler, path):
            if "old" in path:
                handler.answer(307, {"Location": handler.path.replace("old", "tiny")})
                return True
            return False

        c.hub.faults.append(renamed)
        assert c.run("pull", "engram/old")[0] == 0


def test_a_file_that_changes_between_two_requests_is_not_mixed():
    with cache() as c:
        c.hub.cuts = [700000]
        other = bytes(reversed(WEIGHTS))

        def change(handler, path):
            if handler.server.kind == "hub" and handler.command == "GET" and "model.safetensors" in path and not c.hub.cuts:
                c.hub.repos[NAME].files["model.safetensors"] = other
            return False

        c.hub.faults.append(change)
        assert "changed" in c.refused()
        c.hub.faults.clear()
        c.hub.repos[NAME].change()
        c.pull()
        c.check({**FILES, "model.safetensors": other})


def test_a_new_commit_fetches_what_is_new_and_keeps_the_old():
    with cache() as c:
        c.pull()
        old = c.hub.repos[NAME].commit
        c.hub.repos[NAME].files["config.json"] += b"\n"
        c.hub.repos[NAME].change()
        c.hub.log.clear()
        c.pull()
        c.check({**FILES, "config.json": FILES["config.json"] + b"\n"})
        assert count(c.hub, "storage") == 0
        assert os.path.exists(os.path.join(c.repository, "snapshots", old, "model.safetensors"))
        c.pull("--revision", "v1")
        with open(os.path.join(c.repository, "refs/v1")) as file:
            assert file.read() == c.hub.repos[NAME].commit
        c.pull("--revision", c.hub.repos[NAME].commit)
        assert sorted(os.listdir(os.path.join(c.repository, "refs"))) == ["main", "v1"]


def test_names_that_try_to_leave_the_folder_write_nothing_outside():
    with cache() as c:
        evil = [{"rfilename": name, "size": 4, "blobId": git_id(b"evil")} for name in ("../../../evil", "/tmp/evil", "a/../../evil", "..")]
        c.hub.edit = lambda document: document["siblings"].extend(evil)
        c.pull()
        c.check()
    with cache() as c:
        c.hub.edit = lambda document: document.update(sha="../../../../evil")
        assert "makes no sense" in c.refused()
    with cache() as c:
        def edit(document):
            document["siblings"][0]["blobId"] = "../../../evil"

        c.hub.edit = edit
        assert "makes no sense" in c.refused()
        assert not os.path.exists(c.repository)
    index = json.dumps({"weight_map": {"a": "../../../../evil.safetensors"}}).encode()
    with cache({"config.json": b"{}", "model.safetensors.index.json": index, "model-00001-of-00001.safetensors": b"1"}) as c:
        assert "names a file" in c.refused()


def test_sizes_that_are_none_or_huge_are_refused_before_a_byte():
    for size, message in ((-5, "no size"), (1.5, "no size"), ("9", "no size"), (2**63, "no size"), (2**60, "has room for"), (None, "no size")):
        with cache() as c:
            def edit(document, size=size):
                for entry in document["siblings"]:
                    if entry["rfilename"] == "model.safetensors":
                        entry["size"] = size

            c.hub.edit = edit
            assert message in c.refused(), size
            assert count(c.hub, "storage") == 0
    with cache() as c:  # more than the list says of it
        def less(document):
            for entry in document["siblings"]:
                if entry["rfilename"] == "config.json":
                    entry["size"] -= 1

        c.hub.edit = less
        assert "not what its list" in c.refused()


def test_answers_that_are_no_list_are_refused():
    for body in (b"", b"[]", b"{", b'{"sha": 5}', b'{"sha": "%s"}' % (b"0" * 40), b"<html>"):
        with cache() as c:
            c.hub.faults.append(lambda handler, path, body=body: handler.answer(200, {}, body) or True)
            c.refused()
            assert not os.path.exists(c.repository)
    with cache({"config.json": b"{}", "model.gguf": b"x"}) as c:
        assert "model.safetensors" in c.refused()


def test_two_processes_that_pull_the_same_do_not_harm_each_other():
    with cache() as c:
        c.hub.piece, c.hub.pause = 200000, 0.02
        processes = [c.start() for _ in range(3)]
        assert [process.wait(PATIENCE) for process in processes] == [0, 0, 0]
        [(process.stdout.close(), process.stderr.close()) for process in processes]
        c.check()
        assert count(c.hub, "storage") == 1


def test_the_lock_of_huggingface_hub_is_waited_for():
    with cache() as c:
        locks = os.path.join(c.folder, "hub/.locks/models--engram--tiny")
        os.makedirs(locks)
        with open(os.path.join(locks, hashlib.sha256(WEIGHTS).hexdigest() + ".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            process = c.start()
            time.sleep(1.5)
            assert process.poll() is None and count(c.hub, "storage") == 0
            fcntl.flock(lock, fcntl.LOCK_UN)
            assert process.wait(PATIENCE) == 0
        process.stdout.close(), process.stderr.close()
        c.check()


def test_a_folder_that_cannot_be_written_is_named():
    with cache() as c:
        os.makedirs(os.path.join(c.folder, "hub"))
        open(c.repository, "w").close()
        assert c.repository in c.refused()


ONLY = sys.argv[3:]
tap.run([value for name, value in list(globals().items()) if name.startswith("test_") and (not ONLY or name in ONLY)])
