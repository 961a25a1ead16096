"""What writes pages.jsonl: makers and works (facts), forms (upload programs), cases (what stands on each page and why).

    python -m benchmarks.rights.source.write

writes pages.jsonl and makers.json anew; the same source gives the same bytes.
"""
