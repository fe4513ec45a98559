"""GROQ, the query language: parse, plan and evaluate over any set of documents."""

from lakesim.groq.dataset import Dataset
from lakesim.groq.engine import CompiledQuery, compile_filter, compile_query, query
from lakesim.groq.environment import Environment
from lakesim.groq.errors import GroqError, GroqNotSupportedError, GroqSyntaxError
from lakesim.groq.explain import Explanation
from lakesim.groq.list_dataset import ListDataset
from lakesim.groq.parser import parse
from lakesim.groq.printer import print_expression, print_query
from lakesim.groq.source_map import SourceMap

__all__ = [
    "CompiledQuery",
    "Dataset",
    "Environment",
    "Explanation",
    "GroqError",
    "GroqNotSupportedError",
    "GroqSyntaxError",
    "ListDataset",
    "SourceMap",
    "compile_filter",
    "compile_query",
    "parse",
    "print_expression",
    "print_query",
    "query",
]
