"""A Python script that makes the calls with requests alone. What it does is told in ``python_text.py``."""

from collections.abc import Iterable, Iterator

from apispy.outputs.base import Reading
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.curl import recorded
from apispy.outputs.exports.python_text import plain, text
from apispy.outputs.exports.script_steps import script

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


@exporter("python-requests", suffix=".py", says="a Python script that uses requests")
def export(readings: Iterable[Reading]) -> Iterator[str]:
    calls = script(readings)
    beginning = f"{IMPORTS}\nRECORDED = {recorded(calls)!r}\n\n{SESSION}"
    title = "requests; it reaches a unix socket by docker-py: pip install requests docker"
    return text(calls, title, beginning, lambda step: plain(step, calls))
