"""Streams under a dataset's resource path are those under `/data`, for the project that the path names."""

import pytest


@pytest.mark.parametrize(
    ("path", "event"),
    [
        ("/v2025-02-19/projects/lakesim/datasets/production/listen?query=*", "mutation"),
        ("/v2025-02-19/projects/lakesim/datasets/production/live/events", "message"),
    ],
    ids=["listen", "live"],
)
def test_a_stream_under_the_resource_path_tells_of_changes(client, mutate, path, event):
    with client.stream("GET", path, headers={"accept": "text/event-stream"}) as response:
        events = (line for line in response.iter_lines() if line.startswith("event:"))
        assert next(events) == "event: welcome"
        mutate({"create": {"_id": "a", "_type": "book"}})
        assert next(events) == f"event: {event}"


@pytest.mark.parametrize(
    "path", ["/v1/projects/lakesim/datasets/nope/listen", "/v1/projects/lakesim/datasets/nope/query"]
)
def test_a_dataset_that_is_not_there_is_told(direct, path):
    assert "nope" in direct.get(f"{path}?query=*").text
