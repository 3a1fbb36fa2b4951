#!/usr/bin/env bash
# Finds every text that is marked for translation and brings po/POTFILES, po/engram.pot and each language's file up to
# date. What is new there has an empty msgstr. `po/update.sh --untranslated` changes nothing and lists what is missing.
set -eu
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
cd "$here/.."
export LC_ALL=C.UTF-8

potfiles() {
  {
    find src kernels -name '*.c' -print0 -o -name '*.cu' -print0 | xargs -0 grep -l -E '\b(N?_|C_|NC_|ngettext) \('
    find ui -name '*.ui' -print0 | xargs -0 grep -l 'translatable='
    ls data/*.in data/*.gschema.xml | grep -E '\.(desktop\.in|xml\.in|gschema\.xml)$'
  } | sort
}

# extract OUTPUT. xgettext's own keywords stay: without them it would take nothing but the name from a .desktop file.
extract() {
  potfiles >"$1.files"
  GETTEXTDATADIRS=$PWD/po xgettext --from-code=UTF-8 --package-name=engram --msgid-bugs-address=https://github.com/engram-app/engram/issues --copyright-holder='The Engram authors' \
    --add-comments=TRANSLATORS --sort-by-file --keyword=_ --keyword=N_ --keyword=C_:1c,2 --keyword=NC_:1c,2 --keyword=ngettext:1,2 \
    --flag=g_strdup_printf:1:c-format --flag=g_set_error:4:c-format --flag=cli_say:1:c-format \
    --files-from="$1.files" --output="$1" 2>&1 | grep -v 'unrecognized\|No strings\|warning: .*extension' >&2 || true
  # A date would make each extraction another file.
  sed -i '/^"POT-Creation-Date:/d' "$1"
}

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
extract "$temporary/engram.pot"

if [ "${1:-}" = --untranslated ]; then
  missing=0
  for language in $(cat po/LINGUAS); do
    msgmerge --quiet --no-fuzzy-matching "po/$language.po" "$temporary/engram.pot" -o "$temporary/$language.po"
    msgattrib --no-obsolete --untranslated --no-wrap "$temporary/$language.po" >"$temporary/missing"
    msgattrib --no-obsolete --only-fuzzy --no-wrap "$temporary/$language.po" >>"$temporary/missing"
    grep -E '^msgid "..*"|^msgid ""$' -A 1 "$temporary/missing" | grep -v -E '^(msgstr|--|msgid ""$)' | grep '^msgid\|^"' |
      grep -v 'Project-Id\|Report-Msgid' | sed "s/^/$language: /" >"$temporary/list" || true
    if [ -s "$temporary/list" ]; then
      cat "$temporary/list"
      missing=1
    fi
  done
  exit "$missing"
fi

mv "$temporary/engram.pot.files" po/POTFILES
mv "$temporary/engram.pot" po/engram.pot
for language in $(cat po/LINGUAS); do
  if [ -e "po/$language.po" ]; then
    msgmerge --quiet --update --backup=none --no-fuzzy-matching "po/$language.po" po/engram.pot
  else
    msginit --no-translator --locale="$language" --input=po/engram.pot --output-file="po/$language.po"
  fi
  printf '%s: ' "$language"
  msgfmt --statistics -o /dev/null "po/$language.po" 2>&1
done
