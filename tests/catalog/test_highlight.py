"""YAML with colours."""

from __future__ import annotations

import time

from catalog.forms.highlight import yaml_lines


def test_a_line_of_many_tokens_takes_no_longer_per_token() -> None:
    text = "a: ${" + "1 + " * 20_000 + "1}\nb: 1\n"
    began = time.process_time()
    lines = yaml_lines(text)
    assert time.process_time() - began < 2
    assert len(lines) == 2
    assert lines[1].html == '<span class="k">b</span><span class="p">:</span> <span class="n">1</span>'
