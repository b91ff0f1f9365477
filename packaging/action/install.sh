#!/usr/bin/env bash
# The first step of action.yml: install apispy from the action's own checkout into $RUNNER_TEMP/apispy.
set -euo pipefail
"$APISPY_PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 12))' || {
    echo "::error::apispy needs Python 3.12 or newer, and $APISPY_PYTHON is $("$APISPY_PYTHON" --version 2>&1). Add actions/setup-python before this step."
    exit 1
}
"$APISPY_PYTHON" -m venv "$RUNNER_TEMP/apispy"
"$RUNNER_TEMP/apispy/bin/pip" install --quiet --disable-pip-version-check "$GITHUB_ACTION_PATH"
"$RUNNER_TEMP/apispy/bin/apispy" --version
