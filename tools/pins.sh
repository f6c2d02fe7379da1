#!/bin/sh
# Renew requirements-book.txt, requirements.txt and constraints.txt from pyproject.toml.
# One set of versions for every Python that pyproject.toml allows, so that all readers see the same numbers.
set -eu
uv=${1:?usage: tools/pins.sh PATH_TO_UV}
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
compile() { "$uv" pip compile --quiet --universal --python-version 3.10 --fork-strategy fewest --no-header --no-annotate "$@"; }

echo "# Every version the book was tested with. Written by 'make pins'." > "$new/constraints.txt"
compile --upgrade pyproject.toml --group book --group dev >> "$new/constraints.txt"
{
    echo "# What builds the pages. Written by 'make pins' from pyproject.toml."
    echo "-c constraints.txt"
    compile --no-deps --constraints "$new/constraints.txt" --group book
} > "$new/requirements-book.txt"
{
    echo "# What builds the pages, runs the notebooks and tests both. Written by 'make pins' from pyproject.toml."
    echo "-r requirements-book.txt"
    compile --no-deps --constraints "$new/constraints.txt" pyproject.toml --group dev
    echo "-e ."
} > "$new/requirements.txt"
mv "$new"/*.txt .
