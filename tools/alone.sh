#!/bin/sh
# Run a command while no other make of this folder installs or builds: alone.sh COMMAND [ARGUMENT ...]
lock=.making
if ! [ -w . ]; then
    echo "This folder cannot be written to, so nothing can be installed or built in it; copy it to a folder of yours" >&2
    exit 1
fi
until mkdir "$lock" 2>/dev/null; do
    owner=$(cat "$lock/pid" 2>/dev/null)
    if [ "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
        rm -r "$lock" 2>/dev/null # of one that was killed
        continue
    fi
    [ "$said" ] || echo "Another make (process ${owner:-unknown}) installs or builds here; waiting for it. If there is none, remove $lock" >&2
    said=yes
    sleep 1
done
echo $$ > "$lock/pid"
trap 'rm -rf "$lock"' EXIT
trap 'exit 130' HUP INT TERM
"$@"
