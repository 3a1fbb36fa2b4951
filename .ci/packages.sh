# Sourced by run.sh, test.sh and .ci/run: finds out what is missing and installs it with the system's package manager.
#   need NAME COMMAND-OR-MODULE DEBIAN FEDORA ARCH   remembers the packages when the thing is missing
#   install_missing                                  installs them, or says what is needed and fails
# COMMAND-OR-MODULE: "cmd:meson" a program, "pc:gtk4" a pkg-config module, "file:/path" a file. "-" where a system
# has no such package.

missing_names=() missing_debian=() missing_fedora=() missing_arch=()

have() {
  case $1 in
    cmd:*) command -v "${1#cmd:}" >/dev/null 2>&1 ;;
    pc:*) pkg-config --exists "${1#pc:}" 2>/dev/null ;;
    file:*) [ -e "${1#file:}" ] ;;
  esac
}

need() {
  have "$2" && return
  missing_names+=("$1")
  # Unquoted: one thing may need several packages.
  [ "$3" = - ] || missing_debian+=($3)
  [ "$4" = - ] || missing_fedora+=($4)
  [ "$5" = - ] || missing_arch+=($5)
}

need_build() {
  need 'a C compiler' cmd:cc 'gcc libc6-dev' 'gcc' 'gcc'
  need 'C headers' file:/usr/include/stdio.h 'libc6-dev' 'glibc-devel' 'glibc'
  need 'Meson' cmd:meson 'meson' 'meson' 'meson'
  need 'Ninja' cmd:ninja 'ninja-build' 'ninja-build' 'ninja'
  need 'pkg-config' cmd:pkg-config 'pkg-config' 'pkgconf-pkg-config' 'pkgconf'
  need 'gettext' cmd:msgfmt 'gettext' 'gettext' 'gettext'
  need 'GLib' pc:gio-unix-2.0 'libglib2.0-dev' 'glib2-devel' 'glib2'
  need 'JSON-GLib' pc:json-glib-1.0 'libjson-glib-dev' 'json-glib-devel' 'json-glib'
  need 'libsoup' pc:libsoup-3.0 'libsoup-3.0-dev' 'libsoup3-devel' 'libsoup3'
  need 'OpenBLAS' pc:openblas 'libopenblas-dev' 'openblas-devel' 'openblas'
  need 'cairo' pc:cairo 'libcairo2-dev' 'cairo-devel' 'cairo'
  need 'Pango' pc:pangocairo 'libpango1.0-dev' 'pango-devel' 'pango'
}

need_window() {
  need 'GTK 4' pc:gtk4 'libgtk-4-dev librsvg2-common' 'gtk4-devel' 'gtk4'
  need 'libadwaita' pc:libadwaita-1 'libadwaita-1-dev' 'libadwaita-devel' 'libadwaita'
}

# A screen of its own for each test of the window.
need_screen() {
  need 'Xvfb' cmd:Xvfb 'xvfb' 'xorg-x11-server-Xvfb' 'xorg-server-xvfb'
  need 'D-Bus' cmd:dbus-run-session 'dbus' 'dbus-daemon' 'dbus'
  need 'AT-SPI' file:/usr/libexec/at-spi-bus-launcher 'at-spi2-core' 'at-spi2-core' 'at-spi2-core'
  need 'xdotool' cmd:xdotool 'xdotool' 'xdotool' 'xdotool'
  [ -n "$(fc-list 2>/dev/null | head -n 1)" ] ||
    need 'fonts' file:/nonexistent 'fonts-dejavu-core fontconfig' 'dejavu-sans-fonts fontconfig' 'ttf-dejavu fontconfig'
}

# The tests of the Python module.
need_numpy() {
  /usr/bin/env -i /usr/bin/python3 -c 'import numpy' 2>/dev/null ||
    need 'NumPy for the system'"'"'s Python' file:/nonexistent 'python3-numpy' 'python3-numpy' 'python-numpy'
}

# What the slow tests need; where a system has none of it, they are skipped.
need_packaging() {
  need 'Flatpak' cmd:flatpak 'flatpak' 'flatpak' 'flatpak'
  need 'flatpak-builder' cmd:flatpak-builder 'flatpak-builder' 'flatpak-builder' 'flatpak-builder'
  need 'eu-strip' cmd:eu-strip 'elfutils' 'elfutils' 'elfutils'
  need 'bubblewrap' cmd:bwrap 'bubblewrap' 'bubblewrap' 'bubblewrap'
  need 'appstream-compose' cmd:appstream-compose 'appstream-util' - -
  /usr/bin/python3 -c 'import ensurepip' 2>/dev/null ||
    need 'virtual environments' file:/nonexistent 'python3-venv' 'python3' 'python'
  need 'make' cmd:make 'make' 'make' 'make'
  need 'gdbus' cmd:gdbus 'libglib2.0-bin' 'glib2' 'glib2'
  need 'dpkg-buildpackage' cmd:dpkg-buildpackage 'dpkg-dev' - -
  need 'debhelper' cmd:dh 'debhelper' - -
  need 'desktop-file-validate' cmd:desktop-file-validate 'desktop-file-utils' - -
  need 'lintian' cmd:lintian 'lintian' - -
  need 'mmdebstrap' cmd:mmdebstrap 'mmdebstrap' - -
  need 'Slurm' cmd:slurmctld 'slurm-wlm munge' - -
}

install_missing() {
  [ ${#missing_names[@]} -gt 0 ] || return 0
  local names manager as_root=()
  names=$(printf ', %s' "${missing_names[@]}")
  names=${names:2}
  if command -v apt-get >/dev/null 2>&1; then
    manager=apt-get
    set -- "${missing_debian[@]}"
  elif command -v dnf >/dev/null 2>&1; then
    manager=dnf
    set -- "${missing_fedora[@]}"
  elif command -v pacman >/dev/null 2>&1; then
    manager=pacman
    set -- "${missing_arch[@]}"
  else
    echo "Engram needs $names; please install them with this system's package manager, then start again." >&2
    return 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
      echo "Engram needs $names; as root: $manager install $*" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "Engram needs $names: installing $* with ${as_root[*]:+sudo }$manager." >&2
  case $manager in
    apt-get)
      "${as_root[@]}" apt-get update -qq >&2 </dev/null
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends "$@" >&2 </dev/null
      ;;
    dnf) "${as_root[@]}" dnf install -q -y "$@" >&2 </dev/null ;;
    pacman) "${as_root[@]}" pacman -S --needed --noconfirm "$@" >&2 </dev/null ;;
  esac || {
    echo "Engram needs $names, and $manager could not install $*." >&2
    return 1
  }
  missing_names=() missing_debian=() missing_fedora=() missing_arch=()
  hash -r
}
