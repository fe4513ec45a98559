"""The façade: parameters, caches, the environment, filters of listeners and grants."""

from __future__ import annotations

import copy
import json
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from freezegun import freeze_time

from lakesim.clock import parse_time
from lakesim.groq import Environment, GroqError, GroqSyntaxError, ListDataset, compile_filter, compile_query, query
from lakesim.groq import engine as engine_module

DOCUMENTS = [
    {"_id": "a", "_type": "t", "n": 1, "ref": {"_ref": "b"}},
    {"_id": "b", "_type": "t", "n": 2},
    {"_id": "drafts.b", "_type": "u", "n": 3},
]
ENVIRONMENT = Environment(identity="me")


class TestParameters:
    def test_one_text_serves_parameters_of_every_type(self) -> None:
        text = "*[n == $v]._id"
        answers = [query(text, DOCUMENTS, {"v": value}) for value in (1, 1.0, True, "1", None, [1], {}, 2**60)]
        assert answers == [["a"], ["a"], [], [], [], [], [], []]

    def test_brackets_are_decided_by_the_value_and_not_by_an_earlier_one(self) -> None:
        text = "*[$v]"
        assert query(text, DOCUMENTS, {"v": 1}) == DOCUMENTS[1]
        assert query(text, DOCUMENTS, {"v": True}) == DOCUMENTS
        assert query(text, DOCUMENTS, {"v": "n"}) == [1, 2, 3]
        assert query(text, DOCUMENTS, {"v": 1.0}) == DOCUMENTS[1]
        assert query(text, DOCUMENTS, {"v": 0}) == DOCUMENTS[0]
        assert query(text, DOCUMENTS, {"v": False}) == []

    def test_parameters_that_the_query_does_not_use_are_allowed(self) -> None:
        assert query("1", [], {"x": object()}) == 1

    @pytest.mark.parametrize("value", [object(), (1, 2), {1}, b"x"])
    def test_a_value_that_is_no_json_is_refused_by_name(self, value: Any) -> None:
        with pytest.raises(GroqSyntaxError, match=r"the value of \$p is no JSON value"):
            query("$p", [], {"p": value})

    def test_a_null_parameter_is_a_value(self) -> None:
        assert query("$p == null", [], {"p": None}) is True


class TestBadInput:
    @pytest.mark.parametrize("text", [None, 1, b"*"])
    def test_text_must_be_a_string(self, text: Any) -> None:
        with pytest.raises(GroqSyntaxError, match="a query is a string"):
            query(text, [])

    @pytest.mark.parametrize("documents", [None, 1, "[]", {"_id": "a"}])
    def test_documents_must_be_a_list(self, documents: Any) -> None:
        with pytest.raises(GroqError, match="documents are a list"):
            query("*", documents)

    def test_params_must_be_an_object(self) -> None:
        with pytest.raises(GroqError, match="params are an object"):
            query("*", [], [1])  # type: ignore[arg-type]

    @pytest.mark.parametrize("document", [object(), {1: 2}.keys(), {"a": object()}.values()])
    def test_a_document_that_is_no_json_is_refused(self, document: Any) -> None:
        with pytest.raises(GroqError, match="documents are a list of JSON values: not a JSON value"):
            query("*", [document])

    def test_relatives_of_the_json_types_are_taken_for_them(self) -> None:
        assert query("*[a == 1].b[0]", [OrderedDict(a=1, b=(1, 2)), ("x",)]) == [1]

    def test_any_iterable_of_documents_will_do(self) -> None:
        assert query("*[n > 1]._id", (document for document in DOCUMENTS)) == ["b", "drafts.b"]

    def test_invalid_text_is_refused_before_documents_are_looked_at(self) -> None:
        def documents() -> Any:
            raise AssertionError("looked at")
            yield

        with pytest.raises(GroqSyntaxError):
            query("*[", documents())

    def test_data_nested_beyond_all_bounds_is_refused(self) -> None:
        nested: Any = []
        for _ in range(5_000):
            nested = [nested]
        with pytest.raises(GroqError, match="nested too deeply"):
            query("*", [{"_id": "a", "deep": nested}])

    def test_an_answer_that_multiplies_without_end_is_refused(self) -> None:
        # Story: forty sub-queries inside one another share one list each, which is small in memory and has 2^40
        # members once it is written out; the copy of the answer never ended.
        text = '*{"a": ' * 40 + "_id" + "}" * 40
        with pytest.raises(GroqError, match="the answer has more than"):
            query(text, DOCUMENTS)


class TestEnvironment:
    def test_now_is_taken_from_the_environment(self) -> None:
        assert query("now()", [], now=parse_time("2026-01-02T03:04:05.6789Z")) == "2026-01-02T03:04:05.678Z"

    def test_now_defaults_to_the_clock_and_stands_still_within_a_query(self) -> None:
        with freeze_time("2030-01-01T00:00:00Z", auto_tick_seconds=1):
            first, second = query('[now(), {"a": now()}.a]', [])
        assert first == second
        assert first.startswith("2030-01-01")

    def test_identity_has_a_default(self) -> None:
        assert query("length(identity()) > 0", []) is True

    def test_unknown_names_are_null(self) -> None:
        assert query("[sanity::projectId(), sanity::dataset()]", []) == [None, None]

    def test_root_is_this_outside_every_scope(self) -> None:
        assert query("n + 1", [], root={"n": 1}) == 2
        assert query('[1]{"x": ^.n}[0]', [], root={"n": 1}) is None
        assert query('*{"x": ^.n}', DOCUMENTS[:1], root={"n": 7}) == [{"x": 7}]


class TestCompiledQuery:
    def test_it_runs_on_several_datasets(self) -> None:
        compiled = compile_query("count(*[n > $least])", {"least": 1})
        assert compiled.run(ListDataset(DOCUMENTS)) == 2
        assert compiled.run(ListDataset(DOCUMENTS[:1])) == 0
        assert compiled.run(ListDataset([1, None, {"n": 5}])) == 1
        assert compiled.text == "count(*[n > $least])"

    def test_threads_may_share_it(self) -> None:
        compiled = compile_query("*[_type == 't']{'by': *[n > ^.n && n in *[n > 1].n]._id}")
        dataset = ListDataset(DOCUMENTS)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: compiled.run(dataset), range(200)))
        assert all(answer == [{"by": ["b", "drafts.b"]}, {"by": ["drafts.b"]}] for answer in answers)

    def test_parameters_changed_afterwards_do_not_matter(self) -> None:
        params = {"v": 1}
        compiled = compile_query("*[n == $v]._id", params)
        params["v"] = 2
        assert compiled.run(ListDataset(DOCUMENTS)) == ["a"]

    def test_parsing_and_generating_happen_once_per_text(self, monkeypatch: pytest.MonkeyPatch) -> None:
        text = "*[n == $v && 'once' == 'once']._id"
        query(text, DOCUMENTS, {"v": 1})
        monkeypatch.setattr(engine_module, "parse_query", None)
        monkeypatch.setattr(engine_module, "generate", None)
        assert query(text, DOCUMENTS, {"v": 2}) == ["b"]

    def test_caches_are_bounded(self) -> None:
        for number in range(engine_module.PROGRAM_CACHE_SIZE + 20):
            assert query(f"{number} + 0", []) == number
        assert len(engine_module._PROGRAMS) <= engine_module.PROGRAM_CACHE_SIZE
        assert engine_module._parse.cache_info().currsize <= engine_module.PARSE_CACHE_SIZE

    def test_the_answer_of_query_shares_nothing(self) -> None:
        documents = copy.deepcopy(DOCUMENTS)
        answer = query("*", documents)
        answer[0]["ref"]["_ref"] = "changed"
        assert documents == DOCUMENTS

    def test_an_integer_beyond_2_to_53_is_a_double(self) -> None:
        big = 2**53 + 1
        assert query("*[0].n", [{"n": big}]) == 2**53
        assert query("*[0].n + 0", [{"n": big}]) == 2**53
        assert query("*[n == $n]{n}", [{"n": big}], {"n": 2**53}) == [{"n": 2**53}]
        assert query("*[0].n", [{"n": 10**400}]) is None

    def test_explain_tells_tree_index_and_documents(self) -> None:
        explanation = compile_query("*[_type == 'u'][0]{n}").explain(ListDataset(DOCUMENTS), ENVIRONMENT)
        assert explanation.result == {"n": 3}
        assert explanation.query == '*[_type == "u"][0]{n}'
        assert (explanation.documents, explanation.dataset_size) == (1, 3)
        (source,) = explanation.sources
        assert (source.text, source.index, source.times) == ('*[_type == "u"]', "type", 1)
        shown = explanation.to_json()
        assert json.loads(json.dumps(shown)) == shown
        assert shown["tree"]["type"] == "Query"
        assert "index type, 1 documents" in str(explanation)

    def test_explain_of_a_scan(self) -> None:
        explanation = compile_query("*[n > 1]").explain(ListDataset(DOCUMENTS), ENVIRONMENT)
        assert explanation.sources[0].index is None
        assert explanation.documents == 3
        assert "scan, 3 documents" in str(explanation)


class TestFilters:
    @pytest.mark.parametrize(
        ("text", "passing"),
        [
            ("*", "abd"),
            ("*[_type == 't']", "ab"),
            ("*[_type == 't'][n > 1]", "b"),
            ("*[][_type == 't']", "ab"),
            ("*[_type == 't']{_id} | order(n) | order(_id)[0..1]", "ab"),
            ("(*[n == 1])[0]", "a"),
            ("*[n == 1]{'x': ref->, 'y': *[_id == ^._id]}", "a"),
            ("*{_id}[n == 1]", "abd"),
            ("*[0]", "abd"),
            ("*[n]", ""),
            ("*[n == $n]", "b"),
            ("*[_id in path('drafts.**')]", "d"),
            ("*[^.n == null]", "abd"),
            ("*[references('b')]", "a"),
            ("*[identity() == 'me' && n > 2]", "d"),
            ("_id in path('*')", "ab"),
            ("_type == 't' && n == $n", "b"),
            ("identity() == 'me'", "abd"),
            ("true", "abd"),
            ("1", ""),
            ("sanity::versionOf('b')", "bd"),
            ("*[count([@.n]) == 1]", "abd"),
        ],
    )
    def test_only_the_outermost_filter_counts(self, text: str, passing: str) -> None:
        passes = compile_filter(text, {"n": 2})
        verdicts = [passes(document, ENVIRONMENT) for document in DOCUMENTS]
        assert "".join(name for name, verdict in zip("abd", verdicts, strict=True) if verdict) == passing
        assert all(type(verdict) is bool for verdict in verdicts)

    def test_no_document_never_passes(self) -> None:
        assert compile_filter("*")(None, ENVIRONMENT) is False
        assert compile_filter("!defined(_id)")(None, ENVIRONMENT) is False

    @pytest.mark.parametrize(
        ("text", "what"),
        [
            ("*[ref->n == 1]", "dereference"),
            ("*[n in *[_type == 'u'].n]", "sub-query"),
            ("*[count(releases::all()) > 0]", "releases"),
            ("fn a::f($x) = $x->{n}; *[a::f(ref) != null]", "dereference"),
            ("fn a::f($x) = $x{'y': a::g(@)}; fn a::g($x) = $x{'z': *}; *[a::f(@) != null]", "sub-query"),
            ("count(*[n == 1]) > 0", "sub-query"),
        ],
    )
    def test_a_filter_that_reads_other_documents_is_refused(self, text: str, what: str) -> None:
        with pytest.raises(GroqError, match=what) as caught:
            compile_filter(text)
        assert 0 <= caught.value.start < caught.value.end <= len(text)

    def test_a_filter_may_call_its_own_functions(self) -> None:
        passes = compile_filter("fn a::f($x) = $x{n}; *[a::f(@) != null]")
        assert passes(DOCUMENTS[0], ENVIRONMENT) is True

    def test_the_part_that_is_ignored_must_be_valid_too(self) -> None:
        with pytest.raises(GroqSyntaxError):
            compile_filter("*[true]{a.b}")
        with pytest.raises(GroqSyntaxError, match=r"param \$missing"):
            compile_filter("*[true]{'x': $missing}")

    def test_the_same_text_as_query_and_as_filter(self) -> None:
        text = "*[n == 2]"
        assert query(text, DOCUMENTS) == [DOCUMENTS[1]]
        assert compile_filter(text)(DOCUMENTS[1], ENVIRONMENT) is True
        assert query(text, DOCUMENTS) == [DOCUMENTS[1]]
