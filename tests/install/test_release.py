#!/usr/bin/python3
"""What is released: the tarball of `ninja dist` and the Debian package, each twice the same and each really built; speaks
TAP. The programs of ccache are left out, so that both builds compile.

    test_release.py SOURCES
"""
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

import tap

SOURCES = os.path.abspath(sys.argv[1])
FOLDER = tempfile.mkdtemp(prefix="engram-release-")
TRACE = ["trace", "The Eiffel Tower is located in", "--subject", "Eiffel Tower"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("ENGRAM_", "ASAN_", "UBSAN_", "LSAN_"))}
ENVIRONMENT.update(HOME=FOLDER, LC_ALL="C.UTF-8", CCACHE_DISABLE="1", DEB_BUILD_OPTIONS="parallel=4")


def output_of(*command, **options):
    return tap.output_of(*command, env=ENVIRONMENT, **options)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def need(*tools):
    for tool in tools:
        if shutil.which(tool) is None:
            raise tap.Skip(f"{tool} is not installed")


def committed_sources():
    """A clone, so that what is changed and not committed does not matter: both releases are of what is committed."""
    need("git")
    clone = os.path.join(FOLDER, "clone")
    if not os.path.exists(clone):
        output_of("git", "-c", "safe.directory=*", "clone", "-q", "--no-hardlinks", SOURCES, clone)
    return clone


def tarball(name):
    build = os.path.join(FOLDER, name)
    output_of("meson", "setup", build, committed_sources(), "-Dapp=disabled", "-Dcuda=disabled", "-Dtests=false")
    output_of("meson", "dist", "-C", build, "--no-tests")
    return glob.glob(os.path.join(build, "meson-dist", "engram-*.tar.xz"))[0]


def test_the_tarball_is_the_same_twice():
    first, second = tarball("dist-1"), tarball("dist-2")
    assert digest(first) == digest(second)


def build_tarball():
    """Builds the tarball in one and the same folder, and gives what it installs: {path: digest}. Without optimization, which
    takes time and no part in what differs."""
    source, build, destination = (os.path.join(FOLDER, name) for name in ["tarball", "tarball/_build", "installed"])
    for folder in [source, destination]:
        shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(source)
    output_of("tar", "-C", source, "--strip-components=1", "-xf", glob.glob(os.path.join(FOLDER, "dist-1/meson-dist/*.tar.xz"))[0])
    output_of("meson", "setup", build, source, "--buildtype=plain", "-Dcuda=disabled", "-Dtests=false")
    output_of("ninja", "-C", build)
    output_of("meson", "install", "-C", build, "--no-rebuild", "--destdir", destination)
    files = [name for name in glob.glob(destination + "/**", recursive=True) if os.path.isfile(name)]
    return {os.path.relpath(name, destination): digest(name) for name in files}


def test_the_tarball_builds_to_the_same_bytes_twice():
    first, second = build_tarball(), build_tarball()
    # The icons' index carries the time at which it was made; packages do not ship it.
    different = [name for name in first if second.get(name) != first[name] and not name.endswith("icon-theme.cache")]
    assert set(first) == set(second) and not different, different


def test_the_tarball_is_what_is_committed():
    """File by file: then its tests, which .ci/run has run, hold for it too."""
    clone, source = committed_sources(), os.path.join(FOLDER, "tarball")
    committed = output_of("git", "-c", "safe.directory=*", "-C", clone, "ls-files", "-z").split("\0")[:-1]
    members = output_of("tar", "-tf", glob.glob(os.path.join(FOLDER, "dist-1/meson-dist/*.tar.xz"))[0]).split("\n")
    packed = {name.partition("/")[2] for name in members if name and not name.endswith("/")}
    assert packed == set(committed), packed ^ set(committed)
    different = [name for name in committed if digest(os.path.join(source, name)) != digest(os.path.join(clone, name))]
    assert not different, different


def test_the_debian_package_is_without_errors():
    need("dpkg-buildpackage", "dh", "lintian", "xz")
    folder = os.path.join(FOLDER, "debian")
    output_of(os.path.join(committed_sources(), "packaging/debian.sh"), folder)
    changes = glob.glob(os.path.join(folder, "*.changes"))
    report = subprocess.run(
        ["lintian", "--fail-on", "error", "--allow-root", *changes], capture_output=True, text=True, check=False, env=ENVIRONMENT
    )
    for line in report.stdout.splitlines():
        print("# " + line)
    assert report.returncode == 0, report.stdout + report.stderr


def test_the_debian_package_runs():
    packages = glob.glob(os.path.join(FOLDER, "debian/engram_*.deb"))
    if not packages:
        raise tap.Skip("there is no package")
    root = os.path.join(FOLDER, "root")
    output_of("dpkg-deb", "-x", packages[0], root)
    program = os.path.join(root, "usr/bin/engram-cli")
    info = json.loads(output_of(program, "info", "--json"))
    assert info["folder"].startswith(root), info["folder"]
    assert json.loads(output_of(program, *TRACE, "--json"))["target"]["text"] == " Paris"
    depends = output_of("dpkg-deb", "-f", packages[0], "Depends")
    assert "libopenblas0" in depends and "libgtk-4-1" in depends and "libadwaita-1-0" in depends, depends
    assert output_of(os.path.join(root, "usr/bin/engram"), "--version").startswith("Engram ")


def clean_system():
    """A Debian with nothing but its essential packages."""
    need("mmdebstrap")
    if os.geteuid() != 0:
        raise tap.Skip("only root can make another system")
    system = os.path.join(FOLDER, "system")
    made = subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", "bookworm", system], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise tap.Skip("no mirror of Debian can be reached")
    return system


def test_the_debian_package_installs_on_a_clean_system():
    packages = glob.glob(os.path.join(FOLDER, "debian/engram_*.deb"))
    if not packages:
        raise tap.Skip("there is no package")
    system = clean_system()
    shutil.copy(packages[0], os.path.join(system, "root/engram.deb"))
    inside = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"]
    inside += [f"{name}={value}" for name, value in os.environ.items() if name.lower().endswith("_proxy")]

    def run(*command):
        return output_of("chroot", system, *inside, *command)

    run("apt-get", "update", "-q")
    run("apt-get", "install", "-q", "-y", "--no-install-recommends", "/root/engram.deb")
    assert json.loads(run("engram-cli", *TRACE, "--json"))["target"]["text"] == " Paris"
    assert run("engram", "--version").startswith("Engram ")
    assert "Engram" in run("sh", "-c", "cat /usr/share/applications/io.github.engram_app.Engram.desktop")
    run("apt-get", "purge", "-q", "-y", "engram")
    left = run("sh", "-c", "find / -xdev -iname '*engram*' -not -path '/proc/*' -not -path '/root/*' -not -path '/var/*'")
    assert left == "", left


try:
    tap.run([value for name, value in list(globals().items()) if name.startswith("test_")])
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
