"""The Docker Engine API in plain mitmproxy, mitmweb and mitmdump:

mitmdump -s addons/docker_api.py --mode reverse:http://127.0.0.1:2375 --set docker_lines=0
"""

from apispy.proxy.addon import DockerApi

addons = [DockerApi()]
