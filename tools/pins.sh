#!/bin/sh
# Renew requirements-book.txt, requirements.txt and constraints.txt from pyproject.toml.
# One set of versions for every Python that pyproject.toml allows, so that all readers see the same numbers.
set -eu
uv=${1:?usage: tools/pins.sh PATH_TO_UV}
compile() { "$uv" pip compile --quiet --universal --python-version 3.10 --fork-strategy fewest --no-header --no-annotate "$@"; }

compile --upgrade pyproject.toml --group book --group dev > constraints.new
{ echo "# Every version the book was tested with. Written by 'make pins'."; cat constraints.new; } > constraints.txt
rm constraints.new
{
    echo "# What builds the pages. Written by 'make pins' from pyproject.toml."
    echo "-c constraints.txt"
    compile --no-deps --constraints constraints.txt --group book
} > requirements-book.txt
{
    echo "# What builds the pages, runs the notebooks and tests both. Written by 'make pins' from pyproject.toml."
    echo "-r requirements-book.txt"
    compile --no-deps --constraints constraints.txt pyproject.toml --group dev
    echo "-e ."
} > requirements.txt
