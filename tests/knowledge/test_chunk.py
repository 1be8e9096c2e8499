"""Passages keep their heading and anchor; tables and lists stay whole and read as sentences."""

from __future__ import annotations

from frontdesk.knowledge.article import MARKDOWN
from frontdesk.knowledge.chunk import Chunk, anchor_of, chunk, sentences, words
from frontdesk.knowledge.formats.build import Request, build


def cut(markdown: str, title: str = "Title") -> list[Chunk]:
    return chunk(
        build(Request("a.md", f"---\ntitle: {title}\n---\n{markdown}".encode(), MARKDOWN, "", "", {}))
    )


WORDS = "word " * 24 + "end."


def test_each_section_is_a_passage_with_its_heading_path_and_anchor() -> None:
    chunks = cut(f"{WORDS}\n\n## Free shipping\n\n{WORDS}\n\n### To Norway & co.\n\n{WORDS}")
    assert [(c.position, c.heading, c.anchor) for c in chunks] == [
        (0, "", ""),
        (1, "Free shipping", "free-shipping"),
        (2, "Free shipping › To Norway & co.", "to-norway--co"),
    ]


def test_the_title_repeated_as_a_heading_is_not_said_twice() -> None:
    (only,) = cut(f"# Title\n\n{WORDS}")
    assert only.heading == ""
    assert only.embedded("Title")[0].startswith("Title. word")


def test_small_sections_are_put_with_the_neighbour_before_them() -> None:
    (only,) = cut("## One\n\nFirst thing.\n\n## Two\n\nSecond thing.")
    assert only.text == "First thing.\n\nTwo\n\nSecond thing."
    assert only.anchor == "one"
    assert only.sentences == ("First thing.", "Second thing.")


def test_a_long_section_is_cut_between_paragraphs_and_keeps_its_anchor() -> None:
    chunks = cut("## Long\n\n" + "\n\n".join([("word " * 79 + "end.")] * 4))
    assert [len(c.text.split()) for c in chunks] == [160, 160]
    assert {c.anchor for c in chunks} == {"long"}


def test_a_table_stays_whole_and_its_rows_are_sentences() -> None:
    rows = "\n".join(f"| Zone {n} | {n}.95 EUR | {'detail ' * 20}|" for n in range(12))
    (only,) = cut(f"| Zone | Cost | Note |\n|---|---|---|\n{rows}")
    assert only.sentences[0].startswith("Zone 0; Cost: 0.95 EUR; Note: detail")
    assert len(only.sentences) == 12


def test_lists_keep_their_marks_and_links_become_their_text() -> None:
    (only,) = cut(
        "1. Open [My orders](orders.md).\n2. Press **Return**.\n   - inner\n\n<script>x</script>\n\n![cat](c.png)"
    )
    assert only.text == "1. Open My orders.\n2. Press Return.\n  - inner\n\ncat"
    assert only.sentences[:2] == ("Open My orders.", "Press Return.")


def test_a_repeated_heading_gets_a_numbered_anchor() -> None:
    taken: dict[str, int] = {}
    assert [anchor_of("What's new?", taken) for _ in range(3)] == ["whats-new", "whats-new-1", "whats-new-2"]
    assert anchor_of("Größe & Maß", taken) == "größe--maß"


def test_an_article_without_text_is_its_title() -> None:
    (only,) = cut("", title="Empty")
    assert (only.text, only.sentences) == ("Empty", ("Empty",))


def test_sentences_end_where_they_end() -> None:
    text = 'It costs 4.95 EUR, e.g. Norway. "Placed" is first. See J. Smith.\n- One item\n- Two. Three.'
    assert sentences(text) == [
        "It costs 4.95 EUR, e.g. Norway.",
        '"Placed" is first.',
        "See J. Smith.",
        "One item",
        "Two.",
        "Three.",
    ]
    assert sentences("可以退货吗？可以。") == ["可以退货吗？", "可以。"]


def test_a_sentence_that_only_points_to_another_page_is_quoted_from_no_passage() -> None:
    (only,) = cut(
        "Labels cost 3.95 EUR. The steps are in [How to return](return.md). [Contact us](c.md) if it fails in any way."
    )
    assert only.text.count("How to return") == 1
    assert only.sentences == ("Labels cost 3.95 EUR.", "Contact us if it fails in any way.")


def test_a_very_long_paragraph_is_cut_between_sentences_and_a_longer_sentence_between_words() -> None:
    chunks = cut(" ".join([WORDS.capitalize()] * 40) + "\n\n" + "w " * 1000 + "\n\n" + "字" * 2000)
    assert max(words(c.text) for c in chunks) <= 400
    assert sum(c.text.count("end.") for c in chunks) == 40
    assert sum(c.text.split().count("w") for c in chunks) == 1000
    assert sum(c.text.count("字") for c in chunks) == 2000


def test_an_explicit_anchor_is_linked_to_and_is_no_part_of_the_heading() -> None:
    chunks = cut(f"## The fees {{#fees_and_more}}\n\n{WORDS}\n\n## The fees\n\n{WORDS}")
    assert [(c.heading, c.anchor) for c in chunks] == [
        ("The fees", "fees_and_more"),
        ("The fees", "the-fees"),
    ]


def test_code_and_tables_inside_a_list_stay_with_their_step() -> None:
    (only,) = cut(
        "1. Run\n\n   ```sh\n   npm i\n\n   npm start\n   ```\n\n2. See\n\n   | A | B |\n   |---|---|\n   | 1 | 2 |\n"
    )
    assert only.text == "1. Run\n  npm i\n  npm start\n2. See\n  A: 1; B: 2"


def test_sections_that_only_link_to_other_pages_are_no_passages() -> None:
    chunks = cut(
        f"{WORDS}\n\n## See also\n\n* [One](/one)\n* [Two](/two)\n\n## Contact\n\n{WORDS}\n\n* [Mail](mailto:a@b.example)\n* [Call](tel:1)\n"
    )
    assert [c.heading for c in chunks] == ["", "Contact"]
    assert [c.text for c in cut("## Related\n\n* [One](/one)\n")] == ["- One"]


def test_what_is_struck_through_holds_no_longer() -> None:
    assert cut("It costs ~~9 EUR~~ 5 EUR.")[0].text == "It costs 5 EUR."


def test_a_step_that_opens_what_follows_is_not_left_at_the_end_of_a_passage() -> None:
    chunks = cut(
        "word " * 150 + "end.\n\nYou need:\n\n" + "\n".join(f"- thing {n} of many things" for n in range(20))
    )
    assert [c.text.startswith("You need:") for c in chunks] == [False, True]


def test_code_stays_in_its_passage_and_is_no_sentence() -> None:
    (only,) = cut(
        "Turn it on:\n\n```ts\nconst a = 1\nconst b = 2\n```\n\n- Then\n\n  ```\n  x = 1\n  - y\n  ```\n- Done\n"
    )
    assert only.text == "Turn it on:\n\nconst a = 1\nconst b = 2\n\n- Then\n  x = 1\n  - y\n- Done"
    assert only.sentences == ("Turn it on:", "Then", "Done")


def test_a_command_is_a_sentence_and_long_code_on_one_line_is_none() -> None:
    (only,) = cut(f"Build it:\n\n```sh\nnpm run build\n```\n\n    {'x' * 300}\n\nIt takes a minute.")
    assert only.sentences == ("Build it:", "npm run build", "It takes a minute.")


def test_a_passage_of_nothing_but_code_is_its_first_lines() -> None:
    (only,) = cut("## Example\n\n```py\n" + "\n".join(f"line_{n:03} = {n}" for n in range(100)) + "\n```\n")
    (sentence,) = only.sentences
    assert sentence.startswith("line_000 = 0\nline_001 = 1\n")
    assert len(sentence) <= 300
    assert sentence in only.text
    assert only.embedded("T")[0].startswith("Example. line_000")


def test_a_single_item_and_a_single_row_are_sentences() -> None:
    (only,) = cut("We do not take these.\n\n- Prepaid numbers\n\nAnd this:\n\n|A|B|\n|-|-|\n|1|2|\n")
    assert only.sentences == ("We do not take these.", "Prepaid numbers", "And this:", "A: 1; B: 2")


def test_wide_and_other_scripts_end_their_sentences() -> None:
    assert sentences("他说：「可以。」然后走了。真的吗？！是的。") == [
        "他说：「可以。」",
        "然后走了。",
        "真的吗？！",
        "是的。",
    ]
    assert sentences("Верните товар. Деньги вернём.") == ["Верните товар.", "Деньги вернём."]


def test_emphasis_beside_wide_characters_loses_its_marks() -> None:
    (only,) = cut("**警告：**我们不建议。请用*「这个」*方法。2 * 3 * 4 and snake_case_name。")
    assert only.text == "警告：我们不建议。请用「这个」方法。2 * 3 * 4 and snake_case_name。"


def test_sections_of_links_to_wherever_are_left_out_by_their_name_wherever_they_stand() -> None:
    for name in ("Further reading", "Related articles", "See also", "Next Steps", "📚 Learn more"):
        chunks = cut(
            f"{WORDS}\n\n## {name}\n\nSee these:\n\n- **Policies:**\n  - [One](https://o.example/)\n- [Two](/two)\n\n## Contact\n\n{WORDS}"
        )
        assert [c.heading for c in chunks] == ["", "Contact"]
    kept = cut(
        f"{WORDS}\n\n## More help\n\n- [Write us](mailto:a@b.example)\n\n## Next steps\n\n- Wait for [it](/x).\n"
    )
    said = "\n".join(c.text for c in kept)
    assert "Write us" in said
    assert "Wait for it." in said


def test_brackets_are_dropped_with_the_icon_in_them_and_kept_where_they_are_written() -> None:
    (only,) = cut(
        'Click the **gear** (<i class="icon"></i>) icon, the ( <img src="x.png"> ) or [![](y.png)] one (![icon](z.png)).'
        " A call of `f ()` and of f() and an empty () list [] stay."
    )
    assert only.text == (
        "Click the gear icon, the or one. A call of f () and of f() and an empty () list [] stay."
    )
