"""Turns a follow-up ("那出差呢？") into a question that stands alone.

A question that stands alone by its form is left as typed. One that leans on what was said is
completed: by putting its words in the place of those that they replace, where that place is plain;
else by the chat model, whose rewrite is checked; else by the question before, put in front of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum

from kb.answer.prompts import Prompt
from kb.answer.quoting import said_by_itself
from kb.answer.substitution import fragment, substitute
from kb.answer_types import Turn
from kb.llms.base import ChatMessage, Sampling
from kb.llms.endpoint import ChatEndpoint
from kb.text.tokenise import content_tokens, segments

# Turns that a follow-up may refer to.
MEMORY = 3

_ANSWER_SHOWN = 120
# Of a pasted page, what it is about; three of them must fit into a small model's context.
_QUESTION_SHOWN = 240
# Words before a pronoun of the same question that it may stand for.
_ANTECEDENT = 2
# A bare phrase of more words is a search of its own.
_BARE_PHRASE = 3
# What a rewrite may add to the two questions that it joins, in characters.
_ROOM = 12

_JOINS = frozenset(["那", "那么", "还有", "另外", "然后"])
_JOINS_ENGLISH = re.compile(
    r"^(?:and|but|so|then|also|or|ok|okay)\b|^(?:what|how) about\b"
    r"|\b(?:else|instead|as well)\s*\?*$",
    re.IGNORECASE,
)
# Words that point at something said before, wherever they stand.
_POINTERS = re.compile(
    r"这.{0,2}|那[个些种里次份项样类款条位家]|上述.*|上面.*|前者|后者|刚才|以上|此"
)
_POINTERS_ENGLISH = re.compile(
    r"\b(?:this|these|those)\b(?!\s+(?:that|who|which)\b)"
    r"|\b(?:is|was|does|did|do|about|for|of|in|with|like|than|after|before|to|by|on) that\b"
    r"(?=\s*[?.,]|\s+(?:one|mean|work|apply|include|cover|count|case|require|take|cost)\b)",
    re.IGNORECASE,
)
# 该 and 以上 point back only before a thing: 该公司, not 该怎么办; 以上情况, not 三年以上.
_NO_THING = re.compile(r"怎|如何|不|由|找|去|给|交|向|做|谁|何")
# Pronouns that may stand for a thing named earlier in the same question.
_PRONOUNS = frozenset(["它", "他", "她", "它们", "他们", "她们", "其"])
_PRONOUNS_ENGLISH = re.compile(r"\b(?:it|its|they|their|them|he|she|his|her)\b", re.IGNORECASE)
_ASKS = re.compile(
    r"什么|多少|多久|多[长大高远快重]|几|哪|谁|怎|如何|为何|何[时地种]|吗|么[？?]|是否|能否|可否|有没有|是不是"
    r"|能不能|可不可以|要不要|会不会|需不需要"
    r"|\b(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|could"
    r"|should|may|must|will|would|has|have|list|explain|describe|define|tell)\b",
    re.IGNORECASE,
)
# Words that every topic has: a question of nothing else does not say what it is about.
_TOPICLESS_WORDS = """
    需要 提供 材料 申请 时间 时候 期限 办理 流程 程序 条件 要求 标准 金额 费用 规定 情况 处理 审批
    负责 适用 例外 原因 理由 影响 区别 含义 意思 定义 例子 举例 具体 详细 说明 说说 讲讲 多久 多长
    多长时间 超过 超出 怎么办 最高 最低 最多 最少 最长 最短 上限 下限 如果 以后 之后 之前 以前
    以上 以下 结果 作用 价格 方法 方式 步骤 内容 特点 优点 缺点 好处 坏处 依据 根据 算 计算 得出
    来 谁 找 部门 人 哪天 今年 去年 明年 前年 上年 上一年 同比 环比 增长 下降 增加 减少 变化 比
    比较 相比 多 少 高 低 大 小 长 短 几天 几年 几次 天 年 月 日 次 元 开始 结束 生效 失效 执行
    实施 必须 一定 应该 应当 可能 能 会 要 不 没 没有 没用 不能 不行 不是 必要 允许 可 行 用 做 办
    给 交 提交 提前 延长 延期 逾期 过期 到期 截止 违反 不符 不符合 后果 责任 处罚 罚 换成 换 再 又
    继续 接着 总共 一共 合计 平均 其余 剩下 剩余 另 另一个 第一 第二 第三 第一个 第二个 第三个 时
    后 前 前面 里面 主要 通常 一般 分别 目的 意义 背景 来源 出处 页 哪页 钱 多少钱 多大 多高 限制
    范围 对象 呢 no not any some all more most less least long often soon far big high low cost
    costs price need needed require required requirement requirements apply applies applicable
    exception exceptions deadline deadlines limit limits maximum minimum reason reasons example
    examples detail details explain mean means meaning happen happens happened if so then
    documents process procedure steps start starts end ends last lasts take takes get pay paid
    approve approves approved responsible else other others same different difference compared
    year years day days month months time times rate amount number first second third late early
    before after should must may might will would has have had been use used work works much
"""
_TOPICLESS = frozenset(_TOPICLESS_WORDS.split())


class Standing(Enum):
    """Whether a question needs what was said before to be understood, by its form."""

    ALONE = "alone"
    LEANS = "leans"
    UNSURE = "unsure"


def standing(question: str) -> Standing:
    """Tell by its words whether a question stands alone; a bare phrase may or may not."""
    text = question.strip()
    words = segments(text)
    if (words and words[0] in _JOINS) or _JOINS_ENGLISH.search(text) or _points_back(text, words):
        return Standing.LEANS
    content = list(dict.fromkeys(content_tokens(text)))
    if all(word in _TOPICLESS or word.isdecimal() for word in content):
        return Standing.LEANS
    if _ASKS.search(text):
        return Standing.ALONE
    if re.search(r"呢\s*[？?]?$|的\s*[？?]$", text):
        return Standing.LEANS
    return Standing.UNSURE if len(content) <= _BARE_PHRASE else Standing.ALONE


def standalone_question(
    question: str,
    turns: Sequence[Turn],
    *,
    chat: ChatEndpoint | None,
    prompt: Prompt,
    cancelled: Callable[[], bool],
    is_answered: Callable[[str], bool],
) -> str:
    """Complete a follow-up by what was said before; any other question comes back as it is.

    Without a chat model, the question before is put in front where no place for the new words is
    plain.

    Args:
        is_answered: whether passages answer a text by itself; asked only where the form of the
            question leaves open whether it stands alone.

    Raises:
        GenerationError: the chat model failed.
    """
    if not turns:
        return question
    form = standing(question)
    if form is Standing.ALONE or (form is Standing.UNSURE and is_answered(question)):
        return question
    before = turns[-1].question[:_QUESTION_SHOWN]
    replaced = substitute(before, question)
    if replaced is not None:
        return replaced
    plain = f"{before} {question}"
    if chat is None:
        return plain
    history = "\n".join(
        f"问：{turn.question[:_QUESTION_SHOWN]}\n答：{said_by_itself(turn.answer)[:_ANSWER_SHOWN]}"
        for turn in turns[-MEMORY:]
    )
    message = ChatMessage("user", prompt.fill(history=history, question=question))
    text = "".join(chat.stream([message], Sampling(max_tokens=80, stop=("\n",)), cancelled))
    rewritten = re.sub(r"^(【[^】]*】|问[：:])", "", text.strip()).strip()
    if cancelled() or not is_faithful(rewritten, question, turns):
        return plain
    return rewritten


def is_faithful(rewritten: str, question: str, turns: Sequence[Turn]) -> bool:
    """Whether a rewrite asks what the question asks, and adds nothing but what was said."""
    before = turns[-1].question[:_QUESTION_SHOWN]
    if not rewritten or len(rewritten) > len(before) + len(question) + _ROOM:
        return False
    if not (_ASKS.search(rewritten) or rewritten.endswith(("？", "?"))):
        return False
    if standing(rewritten) is Standing.LEANS:
        return False
    new = {word for word in content_tokens(fragment(question) or question) if _says_much(word)}
    kept = set(content_tokens(rewritten))
    if new - kept:
        return False
    asked = set(content_tokens(question))
    for turn in turns:
        asked |= set(content_tokens(turn.question[:_QUESTION_SHOWN]))
    answered = {
        word
        for turn in turns
        for word in content_tokens(said_by_itself(turn.answer)[:_ANSWER_SHOWN])
    }
    # A number out of the answer is the answer put into the question.
    added = {word for word in kept - asked if word not in _TOPICLESS}
    if any(re.search(r"\d", word) for word in added):
        return False
    # The thing asked about is in the question before, if not in the answer to it.
    if not kept & {word for word in asked | answered if _says_much(word)} - new:
        return False
    return len(added - answered) <= max(1, len(kept) // 4)


def _points_back(text: str, words: Sequence[str]) -> bool:
    if _POINTERS_ENGLISH.search(text):
        return True
    english = _PRONOUNS_ENGLISH.search(text)
    if english is not None:
        said = text[: english.start()]
        # "What is a debenture and how does it work?" names it before.
        return _things(said) < (1 if re.search(r"\band\b|,", said[1:]) else _ANTECEDENT)
    for number, word in enumerate(words):
        following = words[number + 1] if number + 1 < len(words) else ""
        if word == "以上":
            if number == 0:
                return True
        elif _POINTERS.fullmatch(word):
            return True
        elif word == "该":
            if following and not _NO_THING.match(following):
                return True
        elif word in _PRONOUNS:
            return _things("".join(words[:number])) < _ANTECEDENT
    return False


def _things(text: str) -> int:
    return len({word for word in content_tokens(text) if _says_much(word)})


def _says_much(word: str) -> bool:
    return word not in _TOPICLESS
