"""A Python script that makes the calls with requests alone. What it does is told in ``python_text.py``."""

from collections.abc import Iterable, Iterator

import apispy
from apispy.outputs import units
from apispy.outputs.base import Reading
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.curl import recorded
from apispy.outputs.exports.python_text import FUNCTIONS, comments, impossible, plain, statement
from apispy.outputs.exports.steps import script

IMPORTS = (
    "import base64\nimport json\nimport os\nimport sys\nimport threading\nimport time\n\nimport requests\n"
)

SESSION = """host = os.environ.get("DOCKER_HOST") or RECORDED
http = requests.Session()
if host.startswith("unix://"):
    from docker.transport import UnixHTTPAdapter

    http.mount("http+docker://", UnixHTTPAdapter("http+" + host))
    base = "http+docker://localhost"
else:
    base = "http://" + host.partition("://")[2]
    if os.environ.get("DOCKER_TLS_VERIFY"):
        certs = os.environ.get("DOCKER_CERT_PATH") or os.path.expanduser("~/.docker")
        http.verify, http.cert = certs + "/ca.pem", (certs + "/cert.pem", certs + "/key.pem")
        base = "https://" + host.partition("://")[2]
"""


@exporter("python-requests", suffix=".py", says="a Python script with requests")
def export(readings: Iterable[Reading]) -> Iterator[str]:
    calls = script(readings)
    count = units.count(len(calls.steps), "calls")
    yield f'"""{count} of Docker\'s API, exported by apispy {apispy.__version__}, for requests.\n\n'
    yield "They go where DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say, as those of docker do, else to\n"
    yield 'where they went. For a unix socket docker must be installed too: pip install requests docker\n"""\n\n'
    yield f"{IMPORTS}\nRECORDED = {recorded(calls)!r}\n\n{SESSION}{FUNCTIONS}"
    for step in calls.steps:
        yield "\n\n" + "".join(f"{line}\n" for line in comments(step))
        why = impossible(step.reading)
        yield f"# {why}\n" if why else f"{statement(step, plain(step, calls))}\n"
