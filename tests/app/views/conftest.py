from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

MAIN = Path(__file__).resolve().parents[3] / "app" / "main.py"
HOSTILE = "<img src=x onerror=alert(1)> [l](http://x.example) **b**"


@pytest.fixture
def page() -> AppTest:
    """The product's pages; run it once before going anywhere."""
    return AppTest.from_file(str(MAIN), default_timeout=60)


def texts(at: AppTest) -> str:
    """All that a page says as text, captions, Markdown and HTML."""
    kinds = (at.title, at.header, at.subheader, at.text, at.caption, at.markdown, at.html)
    return "\n".join(str(element.value) for kind in kinds for element in kind)
