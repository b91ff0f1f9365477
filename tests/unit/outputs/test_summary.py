from apispy.outputs import DecodedCall, Summary

from .decoded_calls import decoded_call, tunnel


def table(*decoded_calls: DecodedCall) -> str:
    texts: list[str] = []
    summary = Summary(texts.append)
    for each in decoded_calls:
        summary.write(each)
    summary.close()
    return "".join(texts)


def test_nothing() -> None:
    assert table().startswith("No calls seen")


def test_nothing_can_have_another_reason() -> None:
    texts: list[str] = []
    Summary(texts.append, no_calls="no call matched").close()
    assert texts == ["no call matched\n"]


def test_sorted_by_time_with_a_total() -> None:
    text = table(
        decoded_call("GET /containers/json", 200, []),
        decoded_call("GET /containers/json", 500, {"message": "no"}),
        decoded_call("POST /containers/x/attach", 101, tunnel=tunnel(b"in", b"x" * 1500), duration=12.0),
        decoded_call("BREW /\x1b", 404),
    )
    assert text == (
        "calls  errors    total  longest  sent  received  operation\n"
        "-----  ------  -------  -------  ----  --------  ---------------\n"
        "    1          12.00 s  12.00 s   2 B    1.5 kB  ContainerAttach\n"
        "    2       1    90 ms    45 ms   0 B      21 B  ContainerList\n"
        "    1       1    45 ms    45 ms   0 B       0 B  ? BREW\n"
        "-----  ------  -------  -------  ----  --------  ---------------\n"
        "    4       2  12.13 s  12.00 s   2 B    1.5 kB  total\n"
    )


def test_random_methods_do_not_fill_the_memory() -> None:
    rows = table(*(decoded_call(f"X{number} /", 400) for number in range(700))).splitlines()
    assert len(rows) == 2 + 501 + 2
    assert [row.split()[0] for row in rows if row.endswith("? (other methods)")] == ["200"]


def test_what_was_hidden_is_told() -> None:
    text = table(
        decoded_call("POST /containers/create", 201, {"Id": "x"}, ask={"Env": ["A=b", "C=d"]}),
        decoded_call("POST /swarm/join", 200, ask={"JoinToken": "x"}),
    )
    assert text.endswith("total\nhidden: 2 environment values, 1 swarm token; --show-secrets shows them\n")


def test_leaving_a_stream_is_no_error() -> None:
    assert not decoded_call("GET /events", 200, None, end="cut").failed
    assert decoded_call("GET /events", None, None, end="cut").failed
    assert decoded_call("GET /info", 200, None, end="cut").failed
    assert decoded_call("GET /events", 200, {"error": "x"}).failed
