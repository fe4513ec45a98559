"""The fixtures a project gets by installing lakesim."""

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture
def project(pytester):
    pytester.makeini("[pytest]\naddopts = --strict-markers -p no:benchmark -p no:xdist")
    return pytester


def outcome(pytester, text):
    pytester.makepyfile(text)
    return pytester.runpytest_inprocess("-q").parseoutcomes()


def test_each_test_has_an_empty_lake_of_its_own(project):
    text = """
        import pytest

        @pytest.mark.parametrize("round", [1, 2])
        def test_one(dataset, lake, round):
            assert len(dataset) == 0
            dataset.mutate([{"create": {"_type": "post", "title": "Hello"}}])
            assert lake.dataset("production") is dataset
            assert dataset.query("count(*)") == 1
    """
    assert outcome(project, text) == {"passed": 2}


def test_the_marker_chooses_the_seed(project):
    text = """
        import pytest

        IDS = []

        @pytest.mark.lake(seed=7)
        def test_seven(dataset):
            IDS.append(dataset.mutate([{"create": {"_type": "post"}}], return_ids=True)["results"][0]["id"])

        @pytest.mark.lake(seed=7)
        def test_seven_again(dataset):
            assert dataset.mutate([{"create": {"_type": "post"}}], return_ids=True)["results"][0]["id"] == IDS[0]

        @pytest.mark.lake(seed=8)
        def test_eight(dataset):
            assert dataset.mutate([{"create": {"_type": "post"}}], return_ids=True)["results"][0]["id"] != IDS[0]
    """
    assert outcome(project, text) == {"passed": 3}


def test_the_server_serves_the_tests_own_lake(project):
    text = """
        import httpx2
        import pytest

        QUERY = "/v1/data/query/production?query=*._id"

        @pytest.mark.parametrize("round", [1, 2])
        def test_served(lake_server, dataset, round):
            assert httpx2.get(lake_server + QUERY).json()["result"] == []
            dataset.mutate([{"create": {"_id": "a", "_type": "post"}}])
            headers = {"x-sanity-project-id": "any"}
            assert httpx2.get(lake_server + QUERY, headers=headers).json()["result"] == ["a"]
    """
    assert outcome(project, text) == {"passed": 2}


def test_the_marker_names_tokens_and_roles(project):
    text = """
        import httpx2
        import pytest

        QUERY = "/v1/data/query/production?query=*._id"
        BOOKS = {"name": "bookworm", "grants": [{"filter": "_type == 'book'", "permissions": ["read"]}]}

        @pytest.mark.lake(tokens=["bob:bookworm"], roles=[BOOKS], anonymous="none")
        def test_served(lake_server, dataset):
            dataset.mutate([{"create": {"_id": "a", "_type": "book"}}, {"create": {"_id": "b", "_type": "post"}}])
            found = httpx2.get(lake_server + QUERY, headers={"authorization": "Bearer bob"}).json()["result"]
            assert found == ["a"]
            assert httpx2.get(lake_server + QUERY).json()["result"] == []

        @pytest.mark.lake(tokens=["bob:bookwurm"])
        def test_misspelt(lake_server):
            pass
    """
    project.makepyfile(text)
    result = project.runpytest_inprocess("-q")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(['*Unknown role "bookwurm"*'])


def test_an_unknown_option_is_refused_by_name(project):
    text = """
        import pytest

        @pytest.mark.lake(sed=7)
        def test_misspelt(dataset):
            pass
    """
    project.makepyfile(text)
    result = project.runpytest_inprocess("-q")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*takes seed=*, not sed*"])
