"""Behaviour around a real daemon: when it dies, when a client leaves it, a gigabyte each way, a password."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .archives import Archive
from .clients import Client, Result, end_group, finish
from .combining import listener, upstream
from .daemon import IMAGE, Daemon, Daemons
from .endpoints import Endpoint, Wire
from .lab import CLIS
from .spy import Spy
from .waiting import until
