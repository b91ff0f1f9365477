"""A daemon played from a capture.

``Player`` finds the recorded response to a request, ``Server`` sends it, ``serve`` runs a server in a thread::

    with serve(capture.read(path), listen("unix:///tmp/x.sock")) as replay:
        ...                      # DOCKER_HOST=replay.where
    replay.player.misses, replay.player.unplayed
"""

from typing import TYPE_CHECKING

from apispy import lazy

if TYPE_CHECKING:
    from apispy.replay.matching import MATCHERS, choose_matchers
    from apispy.replay.miss import Miss
    from apispy.replay.options import Options, parse_speed
    from apispy.replay.playback_session import PlaybackSession
    from apispy.replay.player import Player, report
    from apispy.replay.server import Server
    from apispy.replay.threaded import Replay, serve

_FILES = {
    "MATCHERS": "matching",
    "Miss": "miss",
    "Options": "options",
    "PlaybackSession": "playback_session",
    "Player": "player",
    "Replay": "threaded",
    "Server": "server",
    "choose_matchers": "matching",
    "parse_speed": "options",
    "report": "player",
    "serve": "threaded",
}
__getattr__ = lazy.names(__name__, _FILES)

__all__ = [
    "MATCHERS",
    "Miss",
    "Options",
    "PlaybackSession",
    "Player",
    "Replay",
    "Server",
    "choose_matchers",
    "parse_speed",
    "report",
    "serve",
]
