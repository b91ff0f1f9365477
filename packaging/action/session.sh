#!/usr/bin/env bash
# The second step of action.yml: run the commands of the input `run` under apispy. Its exit code is theirs.
set -euo pipefail
apispy=$RUNNER_TEMP/apispy/bin/apispy
commands=(bash -e -o pipefail -c "$APISPY_RUN")
case $APISPY_MODE in
    record)
        if [ -n "$APISPY_FIXTURE" ]; then
            exec "$apispy" record --force -o "$APISPY_FIXTURE" -- "${commands[@]}"
        fi
        rm -f "$RUNNER_TEMP/calls.jsonl"
        exec "$apispy" run --capture "$RUNNER_TEMP/calls.jsonl" -- "${commands[@]}" ;;
    replay)
        [ -n "$APISPY_FIXTURE" ] || { echo "::error::mode: replay needs the input fixture"; exit 2; }
        exec "$apispy" replay ${APISPY_MATCH:+--match "$APISPY_MATCH"} "$APISPY_FIXTURE" -- "${commands[@]}" ;;
    *)
        echo "::error::mode: $APISPY_MODE: write record or replay"
        exit 2 ;;
esac
