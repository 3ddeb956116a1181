import base64
import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer, normalizers

from kb.models.packed import PackedModel
from kb.models.unigram import precompiled_map, write_tokenizer
from kb.settings import load_settings
from tests.kb.models import tiny

_REFERENCE = Path(__file__).parents[2] / "data" / "models" / "e5_token_ids.json"


def _tokenizer(folder: Path) -> Tokenizer:
    model = PackedModel(tiny.write_packed(folder / "packed.bin").path)
    write_tokenizer(model.pieces, folder / "tokenizer.json")
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def test_the_trie_maps_every_key_and_nothing_else() -> None:
    # Keys that begin alike, of one to four bytes, many enough to fill more than one block.
    mapping = {chr(code): f"<{code:x}>" for code in range(0xFF01, 0xFF5F)}
    mapping |= {chr(code): chr(code + 1) for code in range(0x400, 0x580, 3) if chr(code).isalpha()}
    mapping |= {"\x01": "", "\t": " ", "😀": ":-)", "ﷺ": "صلى"}
    normalizer = normalizers.Precompiled(precompiled_map(mapping))
    for key, value in mapping.items():
        assert normalizer.normalize_str(f"x{key}y") == f"x{value}y"
    for other in ("合同", "abc 123", chr(0x401), "😁", chr(0xFF5F)):
        assert normalizer.normalize_str(other) == other


def test_text_is_normalised_before_it_is_cut_into_pieces(tmp_path: Path) -> None:
    tokenizer = _tokenizer(tmp_path)
    assert tokenizer.encode("query: 合同１ａ").tokens == [
        "<s>", "▁query", ":", "▁", "合同", "1", "a", "</s>",
    ]  # fmt: skip
    assert tokenizer.encode("a \t  赔偿").tokens == ["<s>", "▁", "a", "▁", "赔偿", "</s>"]


def test_neighbouring_unknown_characters_are_one_unknown_token(tmp_path: Path) -> None:
    assert _tokenizer(tmp_path).encode("合龘龘同").ids == [0, 4, 6, 3, 7, 2]


def test_written_markers_are_text(tmp_path: Path) -> None:
    document = json.loads(
        (_tokenizer(tmp_path), (tmp_path / "tokenizer.json").read_text(encoding="utf-8"))[1]
    )
    assert document["added_tokens"] == []
    charsmap = document["normalizer"]["normalizers"][0]["precompiled_charsmap"]
    assert base64.b64decode(charsmap) == precompiled_map(tiny.NORMALISATION)


@pytest.mark.models
def test_the_converted_tokenizer_gives_the_ids_of_its_source() -> None:
    path = load_settings().models / "e5-small" / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(path))
    for reference in json.loads(_REFERENCE.read_text(encoding="utf-8")):
        assert tokenizer.encode("passage: " + reference["text"]).ids == reference["ids"]
