"""A Python script that makes the calls with requests only. ``python_text.py`` documents what the script does."""

from collections.abc import Iterable, Iterator

from apispy.outputs.base import DecodedCall
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.curl import recorded_upstream
from apispy.outputs.exports.python_text import script_text, unchanged_call
from apispy.outputs.exports.script_steps import build_script

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
    base = host if host.startswith("https://") else "http://" + host.partition("://")[2]
    if os.environ.get("DOCKER_TLS_VERIFY"):
        certs = os.environ.get("DOCKER_CERT_PATH") or os.path.expanduser("~/.docker")
        http.verify, http.cert = certs + "/ca.pem", (certs + "/cert.pem", certs + "/key.pem")
        base = "https://" + host.partition("://")[2]
"""


@exporter("python-requests", suffix=".py", description="a Python script with requests", has_urls=True)
def export(decoded_calls: Iterable[DecodedCall]) -> Iterator[str]:
    calls = build_script(decoded_calls)
    beginning = f"{IMPORTS}\nRECORDED = {recorded_upstream(calls)!r}\n\n{SESSION}"
    title = "requests; unix sockets need docker-py: pip install requests docker"
    return script_text(calls, title, beginning, lambda step: unchanged_call(step, calls))
