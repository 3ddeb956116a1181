import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kb.answer_types import Answer, AnswerLanguage, PassagesFound, Turn
from kb.errors import BusyError, DuplicateError, EmbeddingError, NotFoundError, SettingsError
from kb.settings import Settings
from kb.types import DocumentFilter, JobRecord, PageHealth, Reason
from kb.workspace import Workspace
from loaders.needs import can_ocr
from tests.kb.answer.scripted import ScriptedChat
from tests.kb.conftest import Opener
from tests.kb.hashing import HashingEmbedder, open_hashing
from tests.loaders.pdf_maker import Put, make_pdf

Write = Callable[[str, str], Path]


def add(workspace: Workspace, name: str, *paths: Path) -> dict[str, str]:
    """Add files, wait, and return {document: outcome}."""
    job = workspace.knowledge_base(name).add(paths)
    assert workspace.queue.wait(job.job_id, timeout=60).state == "done"
    return {item.document: item.state for item in workspace.queue.items(job.job_id)}


def found(workspace: Workspace, name: str, question: str) -> list[str]:
    return [hit.document for hit in workspace.search([name], question).hits]


def test_files_are_taken_in_and_found_and_their_originals_kept(
    workspace: Workspace, write: Write
) -> None:
    workspace.create("财报", description=" 年度报告 ")
    path = write("报告/2022.txt", "2022年研发费用为3.2亿元。")
    assert add(workspace, "财报", path.parent) == {"2022.txt": "ready"}
    hit = workspace.search(["财报"], "研发费用是多少？").hits[0]
    assert (hit.document, hit.text, hit.kb_name) == (
        "2022.txt",
        "2022年研发费用为3.2亿元。",
        "财报",
    )
    base = workspace.knowledge_base("财报")
    assert base.original(hit.document_id).read_bytes() == path.read_bytes()
    assert next(base.pages(hit.document_id)).text == "2022年研发费用为3.2亿元。"
    assert (base.record.document_count, base.record.description) == (1, "年度报告")


def test_the_same_file_again_is_unchanged_and_a_copy_is_a_duplicate(
    workspace: Workspace, write: Write
) -> None:
    workspace.create("库")
    first = write("a.txt", "差旅补贴标准是每天180元。")
    copy = write("b.txt", "差旅补贴标准是每天180元。")
    assert add(workspace, "库", first) == {"a.txt": "ready"}
    embedder = workspace.engines.embedder("e5-small")
    assert isinstance(embedder, HashingEmbedder)
    before = embedder.texts_embedded
    assert add(workspace, "库", first, copy) == {"a.txt": "unchanged", "b.txt": "duplicate"}
    assert embedder.texts_embedded == before
    assert found(workspace, "库", "差旅补贴") == ["a.txt"]
    workspace.knowledge_base("库").remove("a.txt")
    assert found(workspace, "库", "差旅补贴") == ["b.txt"]


def test_a_hit_far_inside_a_long_document_is_widened_by_its_own_neighbours(
    workspace: Workspace, write: Write
) -> None:
    workspace.create("库")
    sentences = [f"{number}号小组负责一个项目。" for number in range(900)]
    sentences[700] = "鲸鱼骨架标本存放在东侧展厅。"
    add(workspace, "库", write("长.txt", "\n\n".join(sentences)))
    hits = workspace.search(["库"], "鲸鱼骨架标本存放在哪里？").hits
    assert sentences[700] in hits[0].text
    assert all(hit.text in "\n".join(sentences) for hit in hits)
    base = workspace.knowledge_base("库")
    passages = [stored.passage for stored in base.each_passage(base.document("长.txt").document_id)]
    assert [passage.first_line for passage in passages[1:]] == [
        passage.last_line + 1 for passage in passages[:-1]
    ]


def test_two_copies_in_one_job_are_embedded_once(workspace: Workspace, write: Write) -> None:
    workspace.create("库")
    paths = [write(f"{name}.txt", "住宿费上限为500元。" * 30) for name in "abcdef"]
    outcomes = add(workspace, "库", *paths)
    assert sorted(outcomes.values()) == ["duplicate"] * 5 + ["ready"]


def test_a_changed_file_replaces_its_old_text(workspace: Workspace, write: Write) -> None:
    workspace.create("库")
    add(workspace, "库", write("a.txt", "年假为五天。"))
    assert add(workspace, "库", write("a.txt", "年假改为十天。")) == {"a.txt": "ready"}
    texts = [hit.text for hit in workspace.search(["库"], "年假几天").hits]
    assert texts == ["年假改为十天。"]
    base = workspace.knowledge_base("库")
    assert base.original(base.document("a.txt").document_id).read_text("utf-8") == "年假改为十天。"


def test_a_bad_file_stands_in_the_list_with_its_reason_and_stops_nothing(
    workspace: Workspace, write: Write
) -> None:
    workspace.create("库")
    empty, good = write("empty.txt", ""), write("good.txt", "工资每月十日发放。")
    broken = write("broken.pdf", "%PDF-1.7 this is no pdf")
    outcomes = add(workspace, "库", empty, broken, good)
    assert outcomes == {"empty.txt": "failed", "broken.pdf": "failed", "good.txt": "ready"}
    reasons = {
        record.document: record.reason.code if record.reason else None
        for record in workspace.knowledge_base("库").documents()
    }
    assert reasons == {
        "empty.txt": "empty_file",
        "broken.pdf": "damaged_file",
        "good.txt": None,
    }
    assert (workspace.knowledge_base("库").files / "broken.pdf").is_file()


def test_a_new_version_that_cannot_be_read_leaves_the_old_answering(
    workspace: Workspace, write: Write
) -> None:
    workspace.create("库")
    add(workspace, "库", write("a.txt", "食堂十一点半开饭。"))
    assert add(workspace, "库", write("a.txt", "")) == {"a.txt": "failed"}
    assert found(workspace, "库", "食堂几点开饭") == ["a.txt"]
    base = workspace.knowledge_base("库")
    record = base.document("a.txt")
    assert record.state == "partial"
    assert base.original(record.document_id).read_text("utf-8") == "食堂十一点半开饭。"


def test_a_removed_document_is_found_by_no_retriever_and_its_file_is_in_the_bin(
    workspace: Workspace, write: Write
) -> None:
    workspace.create("库")
    add(workspace, "库", write("a.txt", "密码每季度更换。"), write("b.txt", "天气晴朗。"))
    base = workspace.knowledge_base("库")
    base.remove("a.txt")
    assert found(workspace, "库", "密码多久更换") == ["b.txt"]
    searchable = base.searchable()
    assert searchable.vectors.count == 1
    assert searchable.keywords.search("密码", 5) == []
    assert not (base.files / "a.txt").exists()
    assert [path.name for path in (base.folder / "bin").rglob("*.txt")] == ["a.txt"]


def test_indexes_come_back_without_embedding_anything_again(
    reopen: Opener, write: Write, tmp_path: Path
) -> None:
    workspace = reopen()
    record = workspace.create("库")
    add(workspace, "库", write("a.txt", "保质期为十八个月。"), write("b.txt", "天气晴朗。"))
    folder = workspace.folder(record.kb_id)
    workspace = reopen()
    import shutil

    shutil.rmtree(folder / "vectors")
    shutil.rmtree(folder / "keywords")
    assert found(workspace, "库", "保质期多久")[0] == "a.txt"
    embedder = workspace.engines.embedder("e5-small")
    assert isinstance(embedder, HashingEmbedder)
    assert embedder.texts_embedded == 1  # the question


def test_a_second_process_is_told_that_the_folder_is_held(workspace: Workspace) -> None:
    with pytest.raises(BusyError):
        Workspace.open(workspace.settings, opener=open_hashing)


def test_names_of_knowledge_bases_are_unique_and_their_folders_never_change(
    workspace: Workspace,
) -> None:
    record = workspace.create("财报/2023")
    assert record.kb_id == "财报_2023"
    with pytest.raises(DuplicateError):
        workspace.create("财报/2023")
    renamed = workspace.rename("财报/2023", "年报")
    assert (renamed.kb_id, renamed.name) == ("财报_2023", "年报")
    again = workspace.create("财报/2023")
    assert again.kb_id == "财报_2023-2"
    with pytest.raises(SettingsError):
        workspace.create("  ")


def test_a_deleted_knowledge_base_is_gone_but_its_files_are_in_the_bin(
    workspace: Workspace, write: Write
) -> None:
    workspace.create("库")
    add(workspace, "库", write("a.txt", "内容。"))
    workspace.delete("库")
    assert workspace.knowledge_bases() == []
    with pytest.raises(NotFoundError):
        workspace.knowledge_base("库")
    assert [path.name for path in (workspace.settings.home / ".bin").rglob("*.txt")] == ["a.txt"]


def test_several_knowledge_bases_are_asked_at_once(workspace: Workspace, write: Write) -> None:
    for name, text in (("甲", "甲公司在北京。"), ("乙", "乙公司在上海。")):
        workspace.create(name)
        add(workspace, name, write(f"{name}.txt", text))
    hits = workspace.search(["甲", "乙"], "乙公司在哪里？").hits
    assert [hit.kb_name for hit in hits] == ["乙", "甲"]
    assert hits[0].score > hits[1].score


def test_a_document_tells_how_well_each_of_its_pages_was_read(
    workspace: Workspace, write: Write
) -> None:
    workspace.create("库")
    add(workspace, "库", write("a.txt", "报销须附发票。"), write("b.txt", "字\ue000\ue001\ue002"))
    base = workspace.knowledge_base("库")
    good, garbled = base.documents()
    assert (good.health, good.readable, good.characters, good.encoding) == ("green", 1, 7, "utf-8")
    assert (garbled.health, garbled.readable) == ("red", 0.25)
    assert garbled.warnings == (Reason("unreadable_characters", {"percent": 75}),)
    assert base.page_health([good.document_id]) == {
        good.document_id: [PageHealth(None, None, 7, 1.0, "text", None, 0)]
    }
    assert base.health_counts() == {"green": 1, "red": 1}
    assert [each.document for each in base.documents(DocumentFilter(health=("red",)))] == ["b.txt"]
    assert base.health_report().reasons == (("red", "unreadable_characters", 1),)


def test_a_failed_document_that_is_read_again_and_cancelled_stays_in_the_list(
    workspace: Workspace, write: Write
) -> None:
    workspace.create("库")
    assert add(workspace, "库", write("a.txt", "")) == {"a.txt": "failed"}
    base = workspace.knowledge_base("库")
    (base.files / "a.txt").write_text("年假为五天，可以分次休。\n" * 200_000, encoding="utf-8")
    job = base.reindex(["a.txt"])
    while not any(item.stage == "embed" for item in workspace.queue.items(job.job_id)):
        time.sleep(0.01)
    workspace.queue.cancel(job.job_id)
    assert workspace.queue.wait(job.job_id, timeout=60).state == "cancelled"
    record = base.document("a.txt")
    assert (record.state, record.health) == ("failed", "red")
    assert record.reason == Reason("load_cancelled", {})
    assert base.original(record.document_id).stat().st_size > 1_000_000


@pytest.mark.skipif(not can_ocr(), reason="no OCR is installed")
def test_the_pictures_of_pages_are_read_when_a_person_asks_for_it(
    workspace: Workspace, tmp_path: Path
) -> None:
    workspace.create("库")
    path = make_pdf(tmp_path / "a.pdf", [[Put(60, 700, "TRAVEL RULES 2024", size=36)]])
    assert add(workspace, "库", path) == {"a.pdf": "ready"}
    base = workspace.knowledge_base("库")
    document_id = base.document("a.pdf").document_id
    assert [page.source for page in base.page_health([document_id])[document_id]] == ["text"]
    job = base.reindex(["a.pdf"], force_ocr=True)
    assert workspace.queue.wait(job.job_id, timeout=120).counts == {"ready": 1}
    (page,) = base.page_health([document_id])[document_id]
    assert page.source == "ocr"
    assert page.confidence is not None
    assert page.confidence > 0.8
    assert "TRAVEL" in next(base.pages(document_id)).text
    record = base.document("a.pdf")
    assert (record.ocr_pages, record.health) == (1, "green")


def test_uploads_are_moved_with_their_folders(workspace: Workspace) -> None:
    workspace.create("库")
    base = workspace.knowledge_base("库")
    batch = base.incoming / "batch"
    (batch / "2022" / "一季度").mkdir(parents=True)
    (batch / "2022" / "一季度" / "报告.txt").write_text("一季度收入增长。", encoding="utf-8")
    job = workspace.queue.wait(base.add_uploads(batch).job_id)
    assert job.counts == {"ready": 1}
    assert (base.files / "2022" / "一季度" / "报告.txt").is_file()
    assert not batch.exists()
    assert found(workspace, "库", "一季度收入") == ["2022/一季度/报告.txt"]


def test_changing_the_embedder_indexes_again_and_answers_go_on(
    workspace: Workspace, write: Write
) -> None:
    workspace.create("库")
    add(workspace, "库", write("a.txt", "食堂在三楼。"), write("b.txt", "天气晴朗。"))
    workspace.configure("库", embedder="bge-small-zh-v1.5")
    (job,) = workspace.queue.page(active_only=True) or workspace.queue.page(limit=1)
    assert workspace.queue.wait(job.job_id, timeout=30).state == "done"
    record = workspace.knowledge_base("库").record
    assert record.embedder == "bge-small-zh-v1.5"
    assert found(workspace, "库", "食堂在几楼？")[0] == "a.txt"
    assert workspace.knowledge_base("库").searchable().vectors.dim == 512


def test_without_a_chat_model_the_answer_is_an_extract_with_its_source(
    workspace: Workspace, write: Write
) -> None:
    workspace.create("库")
    add(workspace, "库", write("a.txt", "前台在一楼。会议室在五楼，需要预约。"))
    events = list(workspace.ask(["库"], "会议室在几楼？"))
    assert isinstance(events[0], PassagesFound)
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert answer.extractive
    assert "会议室在五楼" in answer.answer
    assert [citation.hit.document for citation in answer.citations] == ["a.txt"]
    stored = workspace.conversations.messages(answer.conversation)
    assert [message.text for message in stored] == ["会议室在几楼？", answer.answer]


def test_a_talk_that_is_kept_elsewhere_completes_a_follow_up(
    workspace: Workspace, write: Write
) -> None:
    workspace.create("库")
    add(workspace, "库", write("a.txt", "婚假为十五天。"))
    turns = [Turn("婚假有几天？", "十五天。")]
    first, *_ = workspace.ask(["库"], "为什么？", conversation="", turns=turns)
    assert isinstance(first, PassagesFound)
    assert first.standalone_question == "婚假有几天？ 为什么？"


def test_an_answer_is_in_the_language_of_the_question_unless_one_is_named(
    workspace: Workspace, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.create("库")
    add(workspace, "库", write("a.txt", "年假为十天。"))
    chat = ScriptedChat(*["年假为十天。"] * 4)
    monkeypatch.setattr(workspace._answerer, "_chat", lambda: chat)

    def in_english(question: str, language: AnswerLanguage | None = None) -> bool:
        for _event in workspace.ask(["库"], question, conversation="", language=language):
            pass
        return "Answer in English" in chat.prompts[-1]

    assert not in_english("年假有几天？")
    assert in_english("How many days of 年假 are there?")
    assert in_english("年假有几天？", "en")
    chinese = workspace.settings.model_copy(update={"answer_language": "zh"})
    monkeypatch.setattr(workspace, "settings", chinese)
    assert not in_english("How many days of 年假 are there?")


def test_a_question_to_an_empty_knowledge_base_is_refused(workspace: Workspace) -> None:
    workspace.create("空")
    *_, answer = workspace.ask(["空"], "有什么？", conversation="")
    assert isinstance(answer, Answer)
    assert (answer.refused, answer.answer, answer.citations) == (
        True,
        "根据已知信息无法回答该问题",
        (),
    )
    assert workspace.conversations.page() == []


def test_searching_goes_on_while_files_come_and_go(workspace: Workspace, write: Write) -> None:
    workspace.create("库")
    base = workspace.knowledge_base("库")
    add(workspace, "库", write("anchor.txt", "锚点文件说苹果是红色的。"))
    problems: list[BaseException] = []
    gone: dict[str, float] = {}
    stop = threading.Event()

    def search(number: int) -> None:
        chance = random.Random(number)  # noqa: S311 - no secret
        try:
            while not stop.is_set():
                assert "anchor.txt" in found(workspace, "库", "苹果是什么颜色？")
                if not gone:
                    continue
                sentence = chance.choice(list(gone))
                began = time.monotonic()
                said = "".join(hit.text for hit in workspace.search(["库"], sentence).hits)
                stale = [each for each, since in list(gone.items()) if each in said]
                assert not [each for each in stale if gone[each] < began]
        except BaseException as exc:  # noqa: BLE001 - reported by the test below
            problems.append(exc)

    def text_of(number: int, version: int) -> str:
        return f"第{number}个文件的第{version}版谈论天气。"

    askers = [threading.Thread(target=search, args=(number,)) for number in range(4)]
    for asker in askers:
        asker.start()
    jobs: list[JobRecord] = []
    for number in range(40):
        jobs.append(base.add([write(f"{number}.txt", text_of(number, 1))]))
    for job in jobs:
        workspace.queue.wait(job.job_id, timeout=60)
    for number in range(0, 40, 4):
        base.remove(f"{number}.txt")
        gone[text_of(number, 1)] = time.monotonic()
        job = base.add([write(f"{number + 1}.txt", text_of(number + 1, 2))])
        workspace.queue.wait(job.job_id, timeout=60)
        gone[text_of(number + 1, 1)] = time.monotonic()
    stop.set()
    for asker in askers:
        asker.join()
    assert problems == []
    assert workspace.examine(thorough=True) == []
    for number in range(40):
        text = text_of(number, 2 if number % 4 == 1 else 1)
        here = text in [hit.text for hit in workspace.search(["库"], text, top_k=50).hits]
        assert here == (number % 4 != 0)


def test_settings_refuse_unknown_names(monkeypatch: pytest.MonkeyPatch) -> None:
    from kb.settings import load_settings

    monkeypatch.setenv("KB_THREADZ", "4")
    with pytest.raises(SettingsError, match="KB_THREADZ"):
        load_settings()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(SettingsError, match="file"):
        Workspace.open(Settings(home=blocker / "data"), opener=open_hashing)


LOCKED = Path(__file__).parent.parent / "data" / "loaders" / "locked.pdf"


def test_a_password_opens_a_file_as_it_is_added(workspace: Workspace) -> None:
    workspace.create("库")
    job = workspace.knowledge_base("库").add([LOCKED], password="8848")
    assert workspace.queue.wait(job.job_id, timeout=60).counts == {"ready": 1}


def test_an_encrypted_file_is_read_again_with_its_password(workspace: Workspace) -> None:
    workspace.create("库")
    base = workspace.knowledge_base("库")
    first = workspace.queue.wait(base.add([LOCKED]).job_id, timeout=60)
    assert first.counts == {"failed": 1}
    reason = base.document("locked.pdf").reason
    assert reason is not None
    assert reason.code == "encrypted_file"

    wrong = base.reindex(["locked.pdf"], password="错")
    assert workspace.queue.wait(wrong.job_id, timeout=60).counts == {"failed": 1}
    again = workspace.queue.retry(first.job_id, password="8848")
    assert workspace.queue.wait(again.job_id, timeout=60).counts == {"ready": 1}
    right = base.reindex(["locked.pdf"], password="8848")
    assert workspace.queue.wait(right.job_id, timeout=60).counts == {"ready": 1}
    assert base.document("locked.pdf").state == "ready"


def test_a_password_is_written_nowhere_and_forgotten_with_its_job(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    secret = "Geheim-8848-Wort"  # noqa: S105
    workspace.create("库")
    job = workspace.knowledge_base("库").add([LOCKED], password=secret)
    workspace.queue.wait(job.job_id, timeout=60)

    home = workspace.settings.home
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert secret.encode() not in stored
    assert secret not in caplog.text
    assert workspace._runner._passwords == {}


def test_an_upload_outlives_an_embedder_that_fails(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.create("库")
    base = workspace.knowledge_base("库")
    batch = base.incoming / "one"
    batch.mkdir(parents=True)
    (batch / "仓库.txt").write_text("三号仓库存放着消防水带。", encoding="utf-8")
    embedder = workspace.engines.embedder("e5-small")

    def fail(_texts: object) -> None:
        raise EmbeddingError("the graph failed")

    with monkeypatch.context() as patch:
        patch.setattr(embedder, "_encode", fail)
        job = workspace.queue.wait(base.add_uploads(batch).job_id, timeout=30)
    assert (job.state, job.counts) == ("done", {"failed": 1})
    assert not batch.exists()
    again = workspace.queue.wait(workspace.queue.retry(job.job_id).job_id, timeout=30)
    assert again.counts == {"ready": 1}
    assert "消防水带" in workspace.search(["库"], "三号仓库存放着什么？").hits[0].text


def test_a_question_that_fails_leaves_no_empty_conversation(
    workspace: Workspace, write: Write
) -> None:
    workspace.create("库")
    add(workspace, "库", write("年假.txt", "年假为十天。"))
    events = workspace.ask(["库"], "年假有几天？")
    next(events)
    events.close()
    assert workspace.conversations.page() == []


def test_an_answer_outlives_the_conversation_that_was_deleted_meanwhile(
    workspace: Workspace, write: Write
) -> None:
    workspace.create("库")
    add(workspace, "库", write("年假.txt", "年假为十天。"))
    talk = workspace.conversations.create("年假", ["库"])
    events = workspace.ask(["库"], "年假有几天？", conversation=talk)
    next(events)
    workspace.conversations.delete(talk)
    *_, answer = events
    assert isinstance(answer, Answer)
    assert ("十天" in answer.answer, answer.conversation) == (True, "")


def test_a_knowledge_base_deleted_during_a_question_is_not_found(
    workspace: Workspace, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.create("库")
    add(workspace, "库", write("年假.txt", "年假为十天。"))
    retrieve = workspace._retriever.retrieve

    def after_the_deletion(*given: object, **named: object) -> object:
        workspace.delete("库")
        return retrieve(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(workspace._retriever, "retrieve", after_the_deletion)
    with pytest.raises(NotFoundError):
        list(workspace.ask(["库"], "年假有几天？"))
