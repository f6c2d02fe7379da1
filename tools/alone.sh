#!/bin/sh
# Run a command while no other make of this folder installs or builds: alone.sh COMMAND [ARGUMENT ...]
lock=.making
said=
if ! [ -w . ]; then
    echo "This folder cannot be written to, so nothing can be installed or built in it; copy it to a folder of yours" >&2
    exit 1
fi
until mkdir "$lock" 2>/dev/null; do
    owner=$(cat "$lock/pid" 2>/dev/null)
    # If it was killed, one waiter at a time looks again and clears: another may have begun meanwhile.
    if [ "$owner" ] && ! kill -0 "$owner" 2>/dev/null && mkdir "$lock.clear" 2>/dev/null; then
        [ "$(cat "$lock/pid" 2>/dev/null)" = "$owner" ] && rm -r "$lock"
        rmdir "$lock.clear"
        continue
    fi
    [ "$said" ] || echo "Another make (process ${owner:-unknown}) installs or builds here; waiting for it. If there is none, remove $lock and $lock.clear" >&2
    said=yes
    sleep 1
done
trap 'rm -rf "$lock"' EXIT
trap 'exit 130' HUP INT TERM
echo $$ > "$lock/pid"
"$@"
