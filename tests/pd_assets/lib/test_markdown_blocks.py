"""The Markdown of our papers as blocks."""

from hypothesis import given
from hypothesis import strategies as st

from pd_assets.lib.markdown_blocks import CODE, HEADING, ITEMS, PARAGRAPH, TABLE, blocks, pieces

PAPER = """---
for: programs
---
# A paper
Two lines
of one paragraph.
- one
- two `code`
| a | b |
|---|---|
| 1 | 2 &#124; 3 |
```python
# no heading
```
"""


def test_a_paper_comes_apart_into_its_blocks() -> None:
    found = blocks(PAPER)
    assert [block.kind for block in found] == [HEADING, PARAGRAPH, ITEMS, TABLE, CODE]
    assert found[1].lines == ("Two lines of one paragraph.",) and found[2].lines == ("one", "two `code`")
    assert found[3].rows == (("a", "b"), ("1", "2 &#124; 3")) and found[4].lines == ("# no heading",)
    assert pieces("two `code` &#124;") == [("two ", False), ("code", True), (" |", False)]


@given(st.text(alphabet="#|-` \n\\ab*", max_size=80))
def test_whatever_a_paper_holds_its_letters_are_there_and_it_ends(text: str) -> None:
    found = blocks(f"x\n{text}")
    letters = sum(("".join(block.lines) + "".join("".join(row) for row in block.rows)).count("a") for block in found)
    assert letters <= text.count("a")
