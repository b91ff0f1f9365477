"""The daemon, played from a capture. ``Player`` finds answers, ``Server`` gives them, ``serve`` does it in a thread.

In use::

    with serve(capture.read(path), listen("unix:///tmp/x.sock")) as replay:
        ...                      # DOCKER_HOST=replay.where
    replay.player.misses, replay.player.unplayed
"""

from apispy.replay.matching import MATCHERS, choose
from apispy.replay.miss import Miss
from apispy.replay.options import Options
from apispy.replay.options import speed as speed_of
from apispy.replay.playback_session import PlaybackSession
from apispy.replay.player import Player
from apispy.replay.report import report
from apispy.replay.server import Server
from apispy.replay.threaded import Replay, serve

__all__ = [
    "MATCHERS",
    "Miss",
    "Options",
    "PlaybackSession",
    "Player",
    "Replay",
    "Server",
    "choose",
    "report",
    "serve",
    "speed_of",
]
