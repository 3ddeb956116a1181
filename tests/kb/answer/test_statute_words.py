from collections.abc import Callable
from pathlib import Path

import pytest

from kb.answer.prompts import PromptFolder
from kb.answer.statute_words import parse_wordings, statute_words
from kb.errors import PromptError
from kb.settings import PROJECT
from kb.workspace import Workspace

Write = Callable[[str, str], Path]

TABLE = """# 日常说法
房东、租房 = 出租人；承租人

房东+涨价 = 租金；租赁期限
"""


def test_every_group_of_which_a_saying_is_in_the_question_counts() -> None:
    wordings = parse_wordings(TABLE)

    assert statute_words("在外面租房要注意什么？", wordings) == ["出租人；承租人"]
    assert statute_words("食堂几点开门？", wordings) == []


def test_words_joined_by_plus_count_only_together_and_before_shorter_sayings() -> None:
    wordings = parse_wordings(TABLE)

    assert statute_words("房东要涨价怎么办？", wordings) == ["租金；租赁期限", "出租人；承租人"]
    assert statute_words("商店涨价怎么办？", wordings) == []


def test_traditional_width_and_case_make_no_difference() -> None:
    wordings = parse_wordings("ｎ+１ = 经济补偿\n")

    assert statute_words("辞退给N+1吗", wordings) == ["经济补偿"]


def test_of_many_groups_the_longest_sayings_are_kept() -> None:
    table = "".join(f"{'很' * length}久 = 第{length}组\n" for length in range(1, 10))

    found = statute_words("等了" + "很" * 9 + "久", parse_wordings(table))

    assert found == [f"第{length}组" for length in range(9, 3, -1)]


@pytest.mark.parametrize("line", ["房东", "房东 =", "= 出租人", "房东、 = 出租人"])
def test_a_line_without_a_saying_or_without_words_for_it_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        parse_wordings(f"# 表\n{line}\n")


def test_the_file_that_comes_with_the_product_is_read_and_says_what_statutes_say() -> None:
    wordings = PromptFolder(PROJECT / "prompts").wordings()

    assert len(wordings) > 300
    words = "；".join(statute_words("公司把我开除了，要赔多少钱？", wordings))
    assert "用人单位" in words
    assert "解除劳动合同" in words


def test_a_deleted_file_adds_nothing_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    assert PromptFolder(tmp_path).wordings() == []

    (tmp_path / "thesaurus_law.txt").write_text("房东 出租人\n", encoding="utf-8")
    with pytest.raises(PromptError, match=r"thesaurus_law\.txt: line 1"):
        PromptFolder(tmp_path).wordings()


STATUTE = "中华人民共和国测试法\n" + "\n".join(
    [
        "第一条 为了保护劳动者的合法权益，制定本法。",
        "第二条 用人单位招用劳动者时，应当如实告知工作内容、工作条件、工作地点。",
        "第三条 劳动者提前三十日以书面形式通知用人单位，可以解除劳动合同。",
        "第四条 用人单位违法解除劳动合同的，应当依照经济补偿标准的二倍向劳动者支付赔偿金。",
        "第五条 承租人应当按照约定的期限支付租金。",
        "第六条 出卖人应当按照约定的时间交付标的物。",
        "第七条 保证期间不发生中止、中断和延长。",
        "第八条 饲养的动物造成他人损害的，动物饲养人应当承担侵权责任。",
        "第九条 业主应当按照约定向物业服务人支付物业费。",
        "第十条 得利人没有法律根据取得不当利益的，应当返还。",
        "第十一条 收养关系自登记之日起成立。",
        "第十二条 遗产按照下列顺序继承：配偶、子女、父母。",
    ]
)


def test_a_statute_is_found_by_what_people_say(workspace: Workspace, write: Write) -> None:
    workspace.create("法规")
    job = workspace.knowledge_base("法规").add([write("测试法.txt", STATUTE)])
    workspace.queue.wait(job.job_id, timeout=60)

    hits = workspace.search(["法规"], "老板把我炒鱿鱼了，能拿到几个月的钱？", top_k=3).hits

    assert "第四条" in hits[0].passage_text
