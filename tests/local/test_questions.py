import pytest

from tests.local.score import score


@pytest.mark.parametrize(
    ("name", "least"), [("local_questions/dev.jsonl", 0.97), ("paraphrases/seen.jsonl", 0.95)]
)
def test_messages_get_the_right_tools_and_ids(name: str, least: float):
    share, misses = score(name)
    assert share >= least, misses
