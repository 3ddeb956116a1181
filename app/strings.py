"""Every text that people read at the front doors, in Chinese and English."""

from __future__ import annotations

from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def text(key: str, language: Language, **params: object) -> str:
    """Look a text up and fill its placeholders.

    Raises:
        KeyError: there is no such text, or a placeholder has no value.
    """
    chinese, english = TEXTS[key]
    return (chinese if language == "zh" else english).format(**params)


_PAGES: dict[str, tuple[str, str]] = {
    "product": ("知库", "Zhiku"),
    "language": ("语言", "Language"),
    "language.name": ("中文", "English"),
    "list.separator": ("、", ", "),
    "save": ("保存", "Save"),
    "nav.ask": ("提问", "Ask"),
    "nav.ask.help": (
        "向知识库提问，答案附带原文出处",
        "Ask your knowledge bases; answers come with their sources",
    ),
    "nav.knowledge_bases": ("知识库", "Knowledge bases"),
    "nav.knowledge_bases.help": (
        "新建知识库，添加文件，查看处理进度",
        "Create knowledge bases, add files, follow their progress",
    ),
    "nav.exam": ("评测", "Exams"),
    "nav.exam.help": (
        "用一批问题检验知库答得对不对",
        "Check with a set of questions how well Zhiku answers",
    ),
    # The chat model
    "chat.ready": ("语言模型已就绪", "Chat model ready"),
    "chat.idle": ("语言模型待命，首次提问时启动", "Chat model starts with the first question"),
    "chat.loading": ("语言模型正在载入…", "Chat model is loading…"),
    "chat.absent": ("没有语言模型，将摘录原文作答", "No chat model: answers are excerpts"),
    "chat.failed": ("语言模型启动失败，将摘录原文作答", "Chat model failed: answers are excerpts"),
    # Conversations
    "history.new": ("新对话", "New conversation"),
    "history.none": ("对话会保存在这里。", "Your conversations are kept here."),
    "history.title": ("最近的对话", "Recent conversations"),
    "history.untitled": ("未命名对话", "Untitled"),
    "history.more": ("更多", "More"),
    "history.rename": ("对话标题", "Title"),
    "history.delete": ("删除这个对话", "Delete this conversation"),
    # Asking
    "ask.none.title": ("先建一个知识库", "Start with a knowledge base"),
    "ask.none.body": (
        "把公司的文件放进知识库，就可以用平常说话的方式提问，答案会指明出自哪份文件的哪一页。",
        "Put your company's files into a knowledge base and ask in plain words. Answers name the "
        "file and the page they come from.",
    ),
    "ask.empty.title": ("知识库里还没有可查的内容", "Nothing to search yet"),
    "ask.empty.body": (
        "添加文件，等它们处理完，就可以在这里提问了。",
        "Add files; once they are processed you can ask about them here.",
    ),
    "ask.empty.button": ("去添加文件", "Add files"),
    "ask.welcome.title": ("想查点什么？", "What would you like to know?"),
    "ask.welcome.body": (
        "答案只来自您的文件，并附原文出处；文件里没有的，会直接告诉您查不到。",
        "Answers come only from your files, with sources. What the files do not say is refused.",
    ),
    "ask.placeholder": ("输入问题，按回车发送", "Ask a question and press Enter"),
    "ask.scope": ("在哪些知识库里找（不选即全部）", "Where to look (none chosen: everywhere)"),
    "ask.scope.help": (
        "选中一个或几个知识库来缩小范围",
        "Choose one or several knowledge bases to narrow the search",
    ),
    "ask.searching": ("正在查找资料…", "Searching the documents…"),
    "ask.thinking": (
        "已找到资料，正在组织答案… {seconds} 秒",
        "Sources found, writing the answer… {seconds} s",
    ),
    "answer.refused": (
        "根据已知信息无法回答该问题",
        "The question cannot be answered from the known information",
    ),
    "answer.sources": ("资料来源", "Sources"),
    "answer.found": ("找到的资料", "Sources found"),
    "answer.nearest": ("最接近的资料", "Nearest passages"),
    "answer.unsupported": ("资料中没有找到这句话的依据", "No source supports this sentence"),
    "answer.extractive": (
        "以上为原文摘录：当前没有可用的语言模型",
        "These are excerpts: no chat model is available",
    ),
    "answer.quotation": ("条文原文", "Text of the article"),
    "answer.cell": ("表格中的原值", "Value in a table"),
    "answer.computed": ("由表格算出", "Computed from a table"),
    "answer.sql": ("怎样算出来的（SQL）", "How it was computed (SQL)"),
    "answer.stopped": ("已停止，没有生成答案", "Stopped before there was an answer"),
    "answer.answerable": ("可回答度 {answerable:.2f}", "Answerable {answerable:.2f}"),
    "ask.follow_up": ("结合上文理解追问", "Understand follow-ups"),
    "ask.follow_up.help": (
        "打开时，“那出差呢？”这样的追问会用上文补全，补全后的问题显示在答案下面。关闭时，每个问题都按原话查找。",
        "On: a follow-up like “and for travel?” is completed by what was said before, and the "
        "completed question is shown below the answer. Off: every question is asked as typed.",
    ),
    "ask.language": ("答案语言", "Language of the answers"),
    "ask.language.auto": ("答案语言：随问题", "Answers: as asked"),
    "ask.language.zh": ("答案语言：中文", "Answers: Chinese"),
    "ask.language.en": ("答案语言：英文", "Answers: English"),
    "answer.as_typed": ("按原话再问", "Ask as typed"),
    "answer.standalone": ("按“{question}”查找", "Searched for “{question}”"),
    "answer.thanks": ("谢谢，已记下。", "Thank you, noted."),
    "answer.taken_back": ("已撤回评价。", "Taken back."),
    "answer.seconds": ("用时 {seconds:.1f} 秒", "{seconds:.1f} s"),
    "source.open_page": ("查看第 {page} 页", "View page {page}"),
    "source.page_title": ("第 {page} 页", "Page {page}"),
    "source.open_document": ("查看全文", "Read document"),
    "source.download": ("下载原件", "Download original"),
    "source.other_version": ("另一版本", "another version"),
    "source.later": (
        "本问题以另一版本的文件为准：{document}",
        "For this question another version counts: {document}",
    ),
    "source.removed": ("已移除", "removed"),
    "source.removed.long": (
        "该文件已从知识库移除，新的回答不再引用它。",
        "This document was removed from the knowledge base; no new answer rests on it.",
    ),
    "source.score": ("相关度 {score:.2f}", "Relevance {score:.2f}"),
    # Knowledge bases
    "kb.all": ("全部知识库", "All knowledge bases"),
    "kb.settings.general": ("常规", "General"),
    "synonyms.title": ("同义词", "Synonyms"),
    "synonyms.help": (
        "每行一组意思相同的词。问到其中一个，也会找到写着其他词的资料。一组有多个词时用顿号或逗号分开。",
        "A group of words that mean the same on each row. Who asks for one of them also finds what "
        "is written with the others. Part several words by commas.",
    ),
    "synonyms.word": ("词", "Word"),
    "synonyms.others": ("同义词", "Means the same"),
    "synonyms.saved": (
        "已保存 {groups} 组同义词，下一个问题起生效。",
        "{groups} groups saved; they count from the next question on.",
    ),
    "synonyms.saved.none": ("已保存：没有同义词。", "Saved: no synonyms."),
    "synonyms.file": ("用 Excel 编辑", "Edit with Excel"),
    "synonyms.file_name": ("同义词.csv", "synonyms.csv"),
    "synonyms.download": ("下载 CSV", "Download CSV"),
    "synonyms.upload": ("上传 CSV", "Upload CSV"),
    "synonyms.upload.help": (
        "每行一组，每个单元格一个词，没有表头；在 Excel 中另存为“CSV UTF-8”。",
        "A group on each row, a word in each cell, no heading; save it in Excel as “CSV UTF-8”.",
    ),
    "synonyms.upload.failed": (
        "没有读入任何内容，原有的同义词不变。改好后请重新上传。",
        "Nothing was taken from it; the synonyms are as they were. Correct it and upload it again.",
    ),
    "synonyms.uploaded": (
        "{file} 中的 {groups} 组已放进表格。点“保存”后，它们将取代现有的 {before} 组。",
        "The {groups} groups of {file} are in the table. “Save” puts them in place of the "
        "{before} of now.",
    ),
    "kb.create": ("新建知识库", "New knowledge base"),
    "kb.create_first": ("新建第一个知识库", "Create the first knowledge base"),
    "kb.create.submit": ("创建", "Create"),
    "kb.none.title": ("还没有知识库", "No knowledge bases yet"),
    "kb.none.body": (
        "知识库是一组相关的文件，例如“规章制度”或“产品手册”。建好后把文件或整个文件夹拖进去即可。",
        "A knowledge base is a set of files that belong together, such as policies or manuals. "
        "Create one, then drop files or whole folders into it.",
    ),
    "kb.name": ("名称", "Name"),
    "kb.name.example": ("例如：规章制度", "For example: Policies"),
    "kb.name.missing": ("请填写名称。", "Please enter a name."),
    "kb.description": ("说明（可不填）", "Description (optional)"),
    "kb.no_description": ("没有说明", "No description"),
    "kb.facts": (
        "{documents} 个文件 · {passages} 个段落 · {size}",
        "{documents} documents · {passages} passages · {size}",
    ),
    "kb.badge": ("{state} {count}", "{state} {count}"),
    "kb.updated": ("更新于 {when}", "Updated {when}"),
    "kb.open": ("打开", "Open"),
    "kb.settings": ("设置", "Settings"),
    "kb.top_k": ("每次取几段资料", "Passages per answer"),
    "kb.top_k.help": (
        "段数越多，答案的依据越全，但等待也越久",
        "More passages give more evidence but take longer",
    ),
    "kb.threshold": ("可回答度门槛", "Answerable threshold"),
    "kb.threshold.help": (
        "低于门槛的问题直接回复查不到；调低会回答更多问题，也更容易答错",
        "Questions below it are refused; lower it to answer more, at the risk of wrong answers",
    ),
    "kb.prompt": ("提示词", "Prompt"),
    "kb.embedder": ("向量模型：{embedder}", "Embedder: {embedder}"),
    "kb.reindex": ("重新处理", "Process again"),
    "kb.reindex.question": (
        "重新读取全部 {documents} 个文件？处理期间仍可照常提问。",
        "Read all {documents} documents again? You can keep asking meanwhile.",
    ),
    "kb.reindex.confirm": ("开始处理", "Start"),
    "kb.delete": ("删除知识库", "Delete knowledge base"),
    "kb.delete.question": (
        "知识库和其中 {documents} 个文件将移入回收站，之后不能再查到。",
        "The knowledge base and its {documents} documents move to the bin and are no longer found.",
    ),
    "kb.delete.type_name": ("输入名称“{name}”以确认", "Type the name “{name}” to confirm"),
    "kb.delete.confirm": ("移入回收站", "Move to bin"),
    "step.1.title": ("新建知识库", "Create"),
    "step.1.body": (
        "按主题或部门建，名称随时可以改。",
        "One for each subject or department; rename it any time.",
    ),
    "step.2.title": ("拖入文件", "Drop files"),
    "step.2.body": (
        "文件或整个文件夹都行，处理进度看得见，文件不离开这台机器。",
        "Files or whole folders; you see the progress, and nothing leaves this machine.",
    ),
    "step.3.title": ("直接提问", "Ask"),
    "step.3.body": (
        "答案附带出处，点开就能看到原文那一页。",
        "Answers carry their sources; one click shows the page.",
    ),
    "tip.1.title": ("问得具体", "Be specific"),
    "tip.1.body": (
        "带上文件名、条款号、产品型号或年份，更容易找准。",
        "File names, clause numbers, models or years help to find the right place.",
    ),
    "tip.2.title": ("可以追问", "Follow up"),
    "tip.2.body": (
        "接着上一个问题继续问，不用重复前面说过的话。",
        "Go on from the last question without repeating what was said.",
    ),
    "tip.3.title": ("核对出处", "Check the source"),
    "tip.3.body": (
        "答案下方列有资料来源，点开可以看到原文那一页。",
        "The sources stand below each answer; open one to see the very page.",
    ),
    # The drop zone
    "drop.title": ("把文件或文件夹拖到这里", "Drop files or folders here"),
    "drop.hint": ("支持 {formats}", "These are read: {formats}"),
    "family.image": ("图片", "pictures"),
    "family.mail": ("邮件", "mail"),
    "family.web": ("网页", "web pages"),
    "family.text": ("文本", "text"),
    "drop.files": ("选择文件", "Choose files"),
    "drop.folder": ("选择文件夹", "Choose a folder"),
    "drop.cancel": ("取消上传", "Cancel"),
    "drop.progress": (
        "正在上传 {{done}}/{{total}} 个文件 · {{sent}} / {{bytes}}",
        "Uploading {{done}} of {{total}} files · {{sent}} / {{bytes}}",
    ),
    "drop.finishing": ("正在交给处理队列…", "Handing over…"),
    "drop.done": ("已上传 {{count}} 个文件", "{{count}} files uploaded"),
    "drop.cancelled": ("上传已取消", "Upload cancelled"),
    "drop.failed": ("{{path}}：{{reason}}", "{{path}}: {{reason}}"),
    "drop.too_large": ("超过 {{limit}} MB 的上限", "larger than the limit of {{limit}} MB"),
    "drop.offline": ("服务器没有回应，请稍后再试", "the server does not answer; try again later"),
    "drop.more": ("还有 {{count}} 个文件没有上传成功", "{{count}} more files failed"),
    "drop.empty": ("没有可上传的文件", "No files to upload"),
    "drop.leave": ("上传还没有完成", "The upload has not finished"),
    "drop.received": (
        "已收到 {count} 个文件，开始处理",
        "{count} files received, processing begins",
    ),
    # Jobs
    "folders.title": ("文件夹", "Folders"),
    "folders.help": (
        "文件夹里的文件新增、修改、改名、删除后，知识库会自动跟着更新。链接的文件夹只读取，不会改动。",
        "What is added, changed, renamed or deleted in a folder is taken over by itself. "
        "Linked folders are only read.",
    ),
    "folders.drop": ("投放文件夹", "Drop folder"),
    "folders.sync": ("立即同步", "Synchronise now"),
    "folders.begin": ("开始同步", "Begin"),
    "folders.look": ("查看变化", "What has changed"),
    "folders.more": ("更多", "More"),
    "folders.unreachable": ("无法访问", "unreachable"),
    "folders.new": ("尚未同步", "not synchronised yet"),
    "folders.working": ("正在处理", "working"),
    "folders.waiting": ("等待确认", "waiting for you"),
    "folders.in_step": ("已同步", "in step"),
    "folders.files": ("{count} 个文件", "{count} files"),
    "folders.never": ("还没有查看过", "not looked at yet"),
    "folders.looked": ("上次查看 {at}", "looked at {at}"),
    "folders.watching": ("有变化会立即处理", "changes are seen at once"),
    "folders.scheduled": ("定时查看", "looked at on a schedule"),
    "folders.confirm.question": (
        "有 {count} 个文件已从文件夹中删除，数量较多。要从知识库移除吗？",
        "{count} files are gone from the folder. Remove so many from the knowledge base?",
    ),
    "folders.confirm": ("确认移除", "Remove them"),
    "folders.counts": (
        "新增 {added} · 修改 {changed} · 改名 {renamed} · 删除 {removed}",
        "{added} new · {changed} changed · {renamed} renamed · {removed} removed",
    ),
    "folders.added": ("新增：", "New:"),
    "folders.changed": ("修改：", "Changed:"),
    "folders.renamed": ("改名：", "Renamed:"),
    "folders.removed": ("删除：", "Removed:"),
    "folders.moving": ("正在写入，稍后再看：", "Still being written:"),
    "folders.excluded": ("不收录：", "Left out:"),
    "folders.amiss": (
        "{count} 个文件没有收录成功，或内容不完整",
        "{count} files were not taken in, or not whole",
    ),
    "folders.left_out": ("{count} 个不收录", "{count} left out"),
    "folders.head.path": ("文件", "File"),
    "folders.head.state": ("状态", "State"),
    "folders.head.reason": ("原因", "Why"),
    "folders.first": ("只列出前 {count} 个。", "Only the first {count} are listed."),
    "folders.share": (
        "一次删除超过百分之几时先询问",
        "Ask before more than this share is removed at once, in percent",
    ),
    "folders.share.help": (
        "文件夹里的文件一次少了这么多，可能是误删或共享没有挂载，先不移除，等人确认。"
        "十个以内不询问，除非全部消失。",
        "So many missing at once may be a mistake or a share that is not mounted; they stay until "
        "a person confirms. Ten or fewer go unasked, unless all are gone.",
    ),
    "excluded.leaves_the_folder": (
        "链接指向文件夹之外",
        "a link that leads out of the folder",
    ),
    "excluded.hidden_folder": ("隐藏文件夹", "a hidden folder"),
    "excluded.temporary_file": ("临时文件或锁文件", "a temporary or lock file"),
    "excluded.ignore_list": ("在不收录的名单里", "named in the list of what is left out"),
    "folders.listing": ("正在查看文件夹…", "Looking at the folder…"),
    "folders.unreadable": ("无法读取：", "Cannot be read:"),
    "folders.ignore": ("不收录的文件，每行一个", "Files to leave out, one pattern a line"),
    "folders.ignore.help": (
        "写法同 .gitignore，例如 *.bak 或 草稿/",
        "As in .gitignore, such as *.bak or drafts/",
    ),
    "folders.keep": ("保留已收录的文件", "Keep its documents"),
    "folders.unlink": ("解除链接", "Unlink"),
    "folders.link": ("链接一个文件夹", "Link a folder"),
    "folders.link.submit": ("链接", "Link"),
    "folders.path": ("服务器上的文件夹，可以是网络共享", "A folder of the server, a share too"),
    "folders.path.example": ("例如 /mnt/share/制度", "such as /mnt/share/rules"),
    "folders.path.missing": ("请填写文件夹的位置。", "Say where the folder is."),
    "job.add": ("添加文件", "Adding files"),
    "job.reindex": ("更换向量模型", "Changing the embedder"),
    "job.read_again": ("重新处理文件", "Reading files again"),
    "job.sync": ("同步文件夹", "Synchronising a folder"),
    "job.other": ("后台任务", "Background job"),
    "job.progress": ("{done}/{total} 个文件", "{done} of {total} files"),
    "job.eta": ("还需约 {eta}", "about {eta} left"),
    "job.count": ("{state} {count}", "{count} {state}"),
    "job.cancel": ("停止", "Stop"),
    "job.cancelling": ("正在停止…", "Stopping…"),
    "job.remains": (
        "上次处理有 {count} 个文件需要留意",
        "{count} files of the last job need a look",
    ),
    "job.retry": ("重试失败的文件", "Retry failed files"),
    "job.dismiss": ("知道了", "Dismiss"),
    "job.more": ("另有 {count} 个，见下表", "{count} more, see the table below"),
    "duration.seconds": ("{count} 秒", "{count} s"),
    "duration.minutes": ("{count} 分钟", "{count} min"),
    "duration.hours": ("{count} 小时", "{count} h"),
    # Documents
    "documents.none.title": ("这里还没有文件", "No documents yet"),
    "documents.none.body": (
        "把文件或整个文件夹拖到上面的框里。处理完的文件会列在这里，处理不了的也会说明原因。",
        "Drop files or a whole folder into the box above. They are listed here when processed, and "
        "those that cannot be read say why.",
    ),
    "documents.filter": ("按文件名筛选", "Filter by name"),
    "documents.sort": ("排序方式", "Sort by"),
    "documents.descending": ("倒序", "Descending"),
    "documents.states": ("全部状态", "All states"),
    "documents.total": ("共 {total} 个文件", "{total} documents"),
    "documents.no_match": ("没有符合条件的文件。", "No document matches."),
    "documents.alt": ("知识库中的文件", "Documents of the knowledge base"),
    "documents.choose": (
        "勾选左侧的方框，可以查看、重新处理或移除文件。",
        "Tick the boxes on the left to open, process again or remove documents.",
    ),
    "documents.chosen": ("已选 {count} 个", "{count} chosen"),
    "documents.open": ("查看", "Open"),
    "documents.again": ("重新处理", "Process again"),
    "documents.remove": ("移除", "Remove"),
    "documents.remove.question": (
        "移除这 {count} 个文件？它们会移入回收站，答案不再引用它们。",
        "Remove these {count} documents? They move to the bin and answers no longer use them.",
    ),
    "documents.remove.confirm": ("移入回收站", "Move to bin"),
    "document.back": ("返回 {name}", "Back to {name}"),
    "document.text": ("正文", "Text"),
    "document.passages": ("段落（{count}）", "Passages ({count})"),
    "document.pages": ("{count} 页", "{count} pages"),
    "document.counts": ("{lines} 行 · {passages} 个段落", "{lines} lines · {passages} passages"),
    "document.no_text": ("没有可显示的正文。", "There is no text to show."),
    "version.title": ("版本", "Version"),
    "version.current": ("当前版本（{since} 起）", "Current version (since {since})"),
    "version.named": (
        "第 {number} 版（{since} 至 {until}）",
        "Version {number} ({since} to {until})",
    ),
    "version.note.changed": (
        "这是旧版本，{until} 已被新版本取代。提问不会检索到它。",
        "This is an earlier version, replaced on {until}. Questions do not find it.",
    ),
    "version.note.deleted": (
        "这个文件已于 {until} 从文件夹中删除。提问不会检索到它。",
        "This file was deleted from its folder on {until}. Questions do not find it.",
    ),
    "version.download": ("下载旧版原件", "Download this version"),
    "version.compare": ("与当前版本比较", "Compare with the current version"),
    "version.legend": (
        "绿色为当前版本新增的内容，红色为已删去的内容。",
        "Green is new in the current version, red is no longer in it.",
    ),
    "version.same": ("正文没有差别。", "The texts are the same."),
    "version.too_long": (
        "文件较长，只比较前 {limit} 行。",
        "The file is long: the first {limit} lines are compared.",
    ),
    "version.more": (
        "只列出前 {shown} 行差别。",
        "Only the first {shown} lines of changes are shown.",
    ),
    "version.gone": ("最近删除的文件（{count}）", "Deleted lately ({count})"),
    "version.gone.body": (
        "从文件夹中删除的文件，正文保留 90 天，供查阅；提问不会检索到它们。",
        "What files said that were deleted from a folder is kept for 90 days. Questions do not "
        "find it.",
    ),
    "version.gone.choose": ("文件", "File"),
    "version.gone.placeholder": ("选择要查看的文件", "Choose a file to read"),
    "document.no_passages": ("没有段落。", "There are no passages."),
    "document.no_image": ("这种文件没有页面图像。", "This kind of file has no page image."),
    "document.cut": (
        "只显示前 {shown} 个字符，全文共 {total} 个字符，可下载原件查看。",
        "The first {shown} of {total} characters are shown; download the original for the rest.",
    ),
    "document.again_ocr": ("重新识别此文件（OCR）", "OCR this file again"),
    "document.again_ocr.help": (
        "按图像重新识别文字：PDF 的每一页，以及其他文件里的图片（小图也读）。适合扫描件和乱码；"
        "每页约需几秒，期间仍可照常提问。",
        "Reads the text from pictures: every page of a PDF, and the pictures in other files, small "
        "ones too. For scans and garbled text; takes some seconds a page, and answers go on.",
    ),
    "document.again_ocr.missing": (
        "本机没有安装文字识别（OCR）。运行 kb doctor 可查看缺什么。",
        "No OCR is installed here. Run kb doctor to see what is missing.",
    ),
    "document.again_ocr.queued": (
        "已加入队列，正在重新识别",
        "Queued: the file is read by OCR again",
    ),
    "document.password": ("输入密码", "Enter the password"),
    "document.password.field": ("“{document}”的密码", "Password of “{document}”"),
    "document.password.help": (
        "密码只用于这一次读取，不会保存。",
        "The password serves this reading alone and is not stored.",
    ),
    "document.password.missing": ("请填写密码。", "Please enter the password."),
    "document.password.submit": ("打开并读取", "Open and read"),
    "documents.again_ocr": ("重新识别（OCR）", "OCR again"),
    # How well files were read
    "health.green": ("正常", "good"),
    "health.amber": ("需留意", "check"),
    "health.red": ("有问题", "bad"),
    "health.unread": ("尚未读取", "not read yet"),
    "health.title": ("读取质量", "Reading quality"),
    "health.files": ("文件", "Documents"),
    "health.filter": ("按读取质量筛选", "Filter by reading quality"),
    "health.all_good": ("所有文件都读取正常。", "Every document was read well."),
    "health.this_good": ("这个文件读取正常。", "This document was read well."),
    "health.this_unread": ("这个文件还没有读取。", "This document has not been read yet."),
    "health.no_pages": (
        "没有逐页记录：文件没有读取成功，或是在有此功能之前添加的，可重新处理。",
        "Nothing is known page by page: the document was not read, or it was added before pages "
        "were counted; process it again.",
    ),
    "health.pages": ("逐页情况", "Page by page"),
    "health.reasons": ("需要留意的原因", "Why documents need a look"),
    "health.formats": ("按格式", "By format"),
    "health.unknown_format": ("无法判断", "unknown"),
    "health.csv": ("下载明细（CSV）", "Download details (CSV)"),
    "health.explain": (
        "正常：全部读取成功；需留意：部分内容没有读到，或文字可能有错；有问题：没有读取成功。",
        "Good: all of it was read. Check: a part is missing or the text may be wrong. "
        "Bad: it could not be read.",
    ),
    "page_source.text": ("文字层", "text"),
    "page_source.ocr": ("文字识别（OCR）", "OCR"),
    "page_source.none": ("没有文字", "no text"),
    # Places
    "place.page": ("第 {page} 页", "page {page}"),
    "place.sheet": ("工作表 {sheet}", "sheet {sheet}"),
    "place.row": ("第 {row} 行", "row {row}"),
    "place.cell": ("单元格 {row}", "cell {row}"),
    "place.paragraph": ("第 {paragraph} 段", "paragraph {paragraph}"),
    # Table heads
    "head.document": ("文件", "Document"),
    "head.health": ("读取质量", "Quality"),
    "head.state": ("状态", "State"),
    "head.reason": ("说明", "Remark"),
    "head.pages": ("页数", "Pages"),
    "head.passages": ("段落", "Passages"),
    "head.size": ("大小", "Size"),
    "head.updated": ("更新时间", "Updated"),
    "head.format": ("格式", "Format"),
    "head.encoding": ("编码", "Encoding"),
    "head.documents": ("文件数", "Documents"),
    "head.page": ("页", "Page"),
    "head.sheet": ("工作表", "Sheet"),
    "head.characters": ("字符数", "Characters"),
    "head.readable": ("可读字符", "Readable"),
    "head.source": ("文字来源", "Read from"),
    "head.confidence": ("识别可信度", "OCR confidence"),
    "head.tables": ("表格", "Tables"),
    "head.ocr_pages": ("OCR 识别页数", "Pages by OCR"),
    "head.empty_pages": ("无文字页数", "Pages without text"),
    # States and stages
    "state.queued": ("等待中", "queued"),
    "state.processing": ("处理中", "processing"),
    "state.ready": ("可用", "ready"),
    "state.partial": ("部分可用", "partial"),
    "state.failed": ("失败", "failed"),
    "state.unsupported": ("不支持", "unsupported"),
    "state.excluded": ("已排除", "excluded"),
    "state.unchanged": ("没有变化", "unchanged"),
    "state.duplicate": ("内容重复", "duplicate"),
    "state.cancelled": ("已取消", "cancelled"),
    "state.running": ("进行中", "running"),
    "state.done": ("完成", "done"),
    "stage.": ("", ""),
    "stage.copy": ("复制", "copying"),
    "stage.read": ("读取", "reading"),
    "stage.embed": ("计算向量", "embedding"),
    "stage.download": ("下载", "downloading"),
    "stage.unpack": ("解包", "unpacking"),
    "stage.join": ("合并", "joining"),
    "stage.convert": ("转换", "converting"),
    "stage.verify": ("校验", "verifying"),
    "stage.check": ("校验", "checking"),
    "stage.index": ("建立索引", "indexing"),
}

_ERRORS: dict[str, tuple[str, str]] = {
    "error.unknown": ("没有处理成功（{code}）。", "Not processed ({code})."),
    "error.internal": (
        "程序内部出错，详情已写入日志。",
        "Something went wrong inside; the log has the details.",
    ),
    "error.internal_error": ("程序内部出错：{message}", "Something went wrong inside: {message}"),
    "error.error": ("出错了：{message}", "It failed: {message}"),
    "error.error.plain": ("出错了。", "It failed."),
    "error.bad_setting": ("设置 {name} 不正确：{problem}", "Setting {name} is wrong: {problem}"),
    "error.bad_setting.plain": ("设置不正确：{message}", "A setting is wrong: {message}"),
    "error.synonym_alone": (
        "第 {line} 行只有一个词：“{word}”。每行写一组同义词，用“=”分隔。",
        "Line {line} has one word only: “{word}”. Write a group on each line, parted by “=”.",
    ),
    "error.synonym_twice": (
        "“{word}”在第 {first} 行和第 {line} 行都出现了，一个词只能属于一组。",
        "“{word}” stands in line {first} and in line {line}; a word belongs to one group only.",
    ),
    "error.synonym_long": (
        "第 {line} 行的词太长：“{word}”",
        "A word of line {line} is too long: “{word}”",
    ),
    "error.synonym_csv": (
        "第 {line} 行不是正确的 CSV：{word}",
        "Line {line} is no proper CSV: {word}",
    ),
    "error.synonym_encoding": (
        "文件不是 UTF-8 编码，请在 Excel 中另存为“CSV UTF-8”。",
        "The file is not in UTF-8; save it in Excel as “CSV UTF-8”.",
    ),
    "error.synonym_many": ("同义词最多 {word} 组。", "There may be {word} groups of synonyms."),
    "error.bad_prompt": (
        "提示词 {name} 不能用：{problem}",
        "Prompt {name} cannot be used: {problem}",
    ),
    "error.bad_prompt.plain": ("提示词不能用：{message}", "A prompt cannot be used: {message}"),
    "error.not_found": ("找不到{kind}“{name}”。", "There is no {kind} “{name}”."),
    "error.not_found.plain": ("找不到：{message}", "Not found: {message}"),
    "error.ambiguous_name": (
        "“{name}”对应多个文件：{candidates}。请写出完整路径或编号。",
        "“{name}” fits several documents: {candidates}. Give the whole path or the number.",
    ),
    "error.ambiguous_name.plain": (
        "名称对应多个文件，请写出完整路径或编号。",
        "The name fits several documents; give the whole path or the number.",
    ),
    "error.duplicate_name": (
        "名称“{name}”已被使用，请换一个。",
        "The name “{name}” is taken; choose another.",
    ),
    "error.duplicate_name.plain": (
        "名称已被使用，请换一个。",
        "The name is taken; choose another.",
    ),
    "error.not_authenticated": ("请先登录。", "Log in first."),
    "error.permission_denied": ("没有权限执行这个操作。", "You lack the right to do this."),
    "error.busy": (
        "数据文件夹 {path} 正被另一个程序使用。",
        "Another process holds the data folder {path}.",
    ),
    "error.busy.plain": (
        "数据文件夹正被另一个程序使用。",
        "Another process holds the data folder.",
    ),
    "error.catalog_failed": (
        "无法打开目录数据库 {path}：{message}",
        "The catalog {path} cannot be opened: {message}",
    ),
    "error.catalog_failed.plain": ("无法打开目录数据库。", "The catalog cannot be opened."),
    "error.catalog_newer": (
        "数据文件夹由较新版本的知库写成（{path}），这个版本不能使用。数据没有改动。",
        "A newer version of Zhiku has written the data folder ({path}); this one cannot use it. "
        "Nothing was changed.",
    ),
    "error.catalog_newer.plain": (
        "数据文件夹由较新版本的知库写成，这个版本不能使用。",
        "A newer version of Zhiku has written the data folder; this one cannot use it.",
    ),
    "error.folder_unreachable": (
        "文件夹 {path} 无法访问（{problem}），已收录的内容保持不变。",
        "The folder {path} cannot be reached ({problem}); what was taken in stays.",
    ),
    "error.folder_unreachable.plain": ("文件夹无法访问。", "The folder cannot be reached."),
    "error.excluded_by_person": (
        "已从知识库排除，原文件没有改动。",
        "Taken out of the knowledge base; the file itself is as it was.",
    ),
    "error.ingest_failed": ("文件没有收录成功：{message}", "The file was not taken in: {message}"),
    "error.ingest_failed.plain": ("文件没有收录成功。", "The file was not taken in."),
    "error.cancelled": ("操作已取消。", "Cancelled."),
    "error.backup_failed": (
        "备份或恢复没有成功：{path}：{problem}",
        "The backup or restore failed: {path}: {problem}",
    ),
    "error.backup_failed.plain": ("备份或恢复没有成功。", "The backup or restore failed."),
    "error.backup_damaged": (
        "{path} 不是备份文件，或者已经损坏、不完整。数据文件夹没有改动。",
        "{path} is no backup, or is damaged or not whole. The data folder is as it was.",
    ),
    "error.backup_damaged.plain": ("这不是完整的备份文件。", "This is no whole backup."),
    "error.backup_newer": (
        "备份 {path} 来自更新版本的知库，请先升级再恢复。",
        "The backup {path} was made by a newer version; upgrade first.",
    ),
    "error.backup_newer.plain": (
        "备份来自更新版本的知库，请先升级。",
        "The backup was made by a newer version; upgrade first.",
    ),
    "error.file_exists": (
        "文件 {path} 已经存在，请换一个名称。",
        "The file {path} is there already; choose another name.",
    ),
    "error.file_exists.plain": ("文件已经存在。", "The file is there already."),
    "error.folder_in_use": (
        "数据文件夹 {path} 里已有内容。要用备份替换，请加 --replace：原有内容会移到回收站。",
        "The data folder {path} holds something. To replace it add --replace: what is there goes "
        "to the bin and is not deleted.",
    ),
    "error.folder_in_use.plain": ("数据文件夹里已有内容。", "The data folder holds something."),
    "error.no_room": (
        "{path} 所在磁盘空间不足：需要 {needed} MB，只剩 {free} MB。",
        "The disk of {path} has no room: {needed} MB are needed, {free} MB are left.",
    ),
    "error.no_room.plain": ("磁盘空间不足。", "The disk has no room."),
    "error.model_file": (
        "模型 {model} 的文件缺失、不完整或校验不符。",
        "The files of model {model} are missing, incomplete or fail their checksum.",
    ),
    "error.model_file.plain": (
        "模型文件有问题：{message}",
        "A model file is not as it should be: {message}",
    ),
    "error.no_model": (
        "{path} 不是能识别的模型。可以登记的有：GGUF 文件、ChatGLM 系列的 GGML 文件、"
        "Hugging Face 的聊天模型文件夹、含 tokenizer.json 的 ONNX 文件夹、"
        "sentence-transformers 文件夹、以 /v1 结尾的服务地址。",
        "{path} is no model of a known kind: a GGUF file, a GGML file of the ChatGLM family, a "
        "Hugging Face folder of a chat model, an ONNX folder with tokenizer.json, a "
        "sentence-transformers folder, or the address of a server that ends in /v1.",
    ),
    "error.no_model_entry": (
        "{path} 里没有 {model} 这一项，或者这一项既没有 api_base_url，也没有 local_model_path。",
        "{path} has no entry {model}, or one with neither api_base_url nor local_model_path.",
    ),
    "error.conversion": (
        "模型 {model} 不能这样转换：{problem}",
        "Model {model} cannot be converted like that: {problem}",
    ),
    "error.backend_failed": ("模型或索引出错：{message}", "A model or index failed: {message}"),
    "error.backend_failed.plain": ("模型或索引出错。", "A model or index failed."),
    "error.backend_unavailable": (
        "需要的组件现在不可用：{message}",
        "A needed part is not available: {message}",
    ),
    "error.backend_unavailable.plain": (
        "需要的组件现在不可用。",
        "A needed part is not available.",
    ),
    "error.unsupported": (
        "所用的模型没有这项功能：{message}",
        "The model in use cannot do this: {message}",
    ),
    "error.unsupported.plain": ("所用的模型没有这项功能。", "The model in use cannot do this."),
    "error.embedding_failed": (
        "计算向量时出错：{message}",
        "The embedder failed: {message}",
    ),
    "error.embedding_failed.plain": ("计算向量时出错。", "The embedder failed."),
    "error.vector_index_failed": ("向量索引出错：{message}", "The vector index failed: {message}"),
    "error.vector_index_failed.plain": ("向量索引出错。", "The vector index failed."),
    "error.index_damaged": (
        "索引已损坏，将自动重建。",
        "The index is damaged and will be rebuilt.",
    ),
    "error.dimension_mismatch": (
        "向量维度不符：应为 {expected}，实为 {actual}。请重建索引。",
        "The vectors have {actual} dimensions instead of {expected}; re-index the knowledge base.",
    ),
    "error.dimension_mismatch.plain": (
        "向量维度不符，请重建索引。",
        "The vectors have other dimensions; re-index the knowledge base.",
    ),
    "error.generation_failed": (
        "语言模型作答时出错：{message}",
        "The chat model failed: {message}",
    ),
    "error.generation_failed.plain": ("语言模型作答时出错。", "The chat model failed."),
    "error.context_too_long": (
        "问题太长，超出了语言模型的容量，请缩短后再问。",
        "The question exceeds the chat model's context; shorten it.",
    ),
    # Files
    "error.load_failed": ("文件无法读取：{message}", "The file cannot be read: {message}"),
    "error.load_failed.plain": (
        "文件无法读取。请重新导出或另存为 PDF 后再添加。",
        "The file cannot be read. Export it again, or save it as PDF, and add it.",
    ),
    "error.load_cancelled": ("读取已取消。", "Reading was cancelled."),
    "error.unsupported_format": (
        "暂不支持这种文件（{format}）。可以另存为 PDF、docx、xlsx 或文本后再添加。",
        "This kind of file ({format}) is not supported yet. Save it as PDF, docx, xlsx or text.",
    ),
    "error.unsupported_format.plain": (
        "暂不支持这种文件。可以另存为 PDF、docx、xlsx 或文本后再添加。",
        "This kind of file is not supported yet. Save it as PDF, docx, xlsx or text.",
    ),
    "error.empty_file": ("文件是空的，或没有任何文字。", "The file is empty or holds no text."),
    "error.no_text_layer": (
        "{pages} 页上都没有找到文字：可能是空白页、照片，或模糊得无法辨认的扫描件。",
        "No text was found on any of its {pages} pages: blank ones, photographs, or a scan that "
        "cannot be made out.",
    ),
    "error.no_text_layer.plain": (
        "没有找到文字：可能是空白页、照片，或模糊得无法辨认的扫描件。",
        "No text was found: blank pages, photographs, or a scan that cannot be made out.",
    ),
    "error.ocr_unavailable": (
        "这是图片或扫描件，本机没有安装文字识别。运行 kb doctor 可查看缺什么。",
        "A picture or scan, and no OCR is installed here. Run kb doctor to see what is missing.",
    ),
    "error.libreoffice_missing": (
        "读取这种文件（{format}）需要 LibreOffice，本机没有安装。请管理员执行："
        "sudo apt-get install -y libreoffice-writer-nogui libreoffice-impress-nogui，"
        "然后重新添加；也可以另存为 docx、pptx 或 PDF。",
        "Reading this kind of file ({format}) needs LibreOffice, which is not installed here. Have "
        "an administrator run: sudo apt-get install -y libreoffice-writer-nogui "
        "libreoffice-impress-nogui, then add it again; or save it as docx, pptx or PDF.",
    ),
    "error.libreoffice_missing.plain": (
        "读取这种文件需要 LibreOffice，本机没有安装。运行 kb doctor 可查看缺什么。",
        "Reading this kind of file needs LibreOffice. Run kb doctor to see what is missing.",
    ),
    "error.encrypted_file": (
        "文件有密码保护，没有密码或密码不对。请输入正确的密码重新读取，或先去掉密码再添加。",
        "The file is protected: no password, or a wrong one. Give the right one, or take it off.",
    ),
    "error.damaged_file": (
        "文件已损坏，或内容不是 {format} 格式。请重新导出后再添加。",
        "The file is damaged or is no {format}. Export it again and add it.",
    ),
    "error.damaged_file.plain": (
        "文件已损坏。请重新导出后再添加。",
        "The file is damaged. Export it again and add it.",
    ),
    "error.unsafe_content": (
        "文件里有不安全的内容（XML 实体），为安全起见没有读取。请联系文件的提供者。",
        "The file holds unsafe content (XML entities) and was not read. Ask whoever sent it.",
    ),
    "error.damaged_parts": (
        "文件有一部分已损坏，只收录了能读出的内容。如有完好的文件，请重新添加。",
        "Part of the file is damaged; what could be read was taken in. Add a sound copy if any.",
    ),
    "error.attachments_unread": (
        "附件 {names} 无法读取或没有读全，其余内容已收录。",
        "Could not be read, or not in full: the attachments {names}. The rest was taken in.",
    ),
    "error.attachments_unread.plain": (
        "有的附件无法读取或没有读全，其余内容已收录。",
        "Some attachments could not be read in full. The rest was taken in.",
    ),
    "error.sealed_message": (
        "邮件正文已加密，只收录了主题、收发件人和日期。",
        "The mail is encrypted; only its subject, people and date were taken in.",
    ),
    "error.winmail_ignored": (
        "附件 winmail.dat 是 Outlook 的专用格式，没有读取。请让发件人改用 HTML 或纯文本重发。",
        "The attachment winmail.dat is in a format of Outlook's own and was not read. Ask the "
        "sender for HTML or plain text.",
    ),
    "error.size_limit": (
        "文件有 {size} MB，只读取了前 {read} MB。",
        "The file has {size} MB; only the first {read} MB were read.",
    ),
    "error.size_limit.plain": (
        "文件太大，只读取了前面一部分。",
        "The file is too large; only its beginning was read.",
    ),
    "error.rest_unreadable": (
        "文件有一处格式错误，其后的内容可能不完整。请重新导出后再添加。",
        "The file breaks its format at one point; what follows may be incomplete. Export it again "
        "and add it.",
    ),
    "error.hidden_sheets": (
        "有隐藏的工作表，其内容也已收录。",
        "There are hidden sheets; they were taken in too.",
    ),
    "error.formulas_without_values": (
        "有的公式还没有计算结果。请用表格软件打开并保存后再添加。",
        "Some formulas were never computed. Open and save the file in a spreadsheet program.",
    ),
    "error.number_formats_lost": (
        "数字按原值收录，百分比、货币等显示格式未能读出。另存为 xlsx 后再添加可以保留。",
        "Numbers were taken in without their formats, as percentages. Save as xlsx to keep them.",
    ),
    "error.open_quotes": (
        "有的引号没有成对，这些行按分隔符切开，请核对。",
        "Some quotes are not closed; those rows were cut at every delimiter. Check them.",
    ),
    "error.not_json": (
        "内容不是有效的 JSON，已按普通文本读取。",
        "The content is no valid JSON and was read as plain text.",
    ),
    "error.broken_lines": (
        "有的行不是有效的 JSON，已按普通文本收录。",
        "Some lines are no valid JSON and were taken in as plain text.",
    ),
    "error.archive_file": (
        "这是压缩包。请先解压，再添加里面的文件。",
        "An archive. Unpack it and add the files in it.",
    ),
    "error.limit_exceeded": (
        "读取这个文件超出了{limit}上限。请拆成几个小文件再添加。",
        "Reading this file exceeds the {limit} limit. Split it into smaller files.",
    ),
    "error.limit_exceeded.plain": (
        "读取这个文件超出了上限。请拆成几个小文件再添加。",
        "Reading this file exceeds a limit. Split it into smaller files.",
    ),
    "error.loader_crashed": (
        "读取这个文件时解析程序崩溃了。请重新导出后再添加。",
        "The parser crashed on this file. Export it again and add it.",
    ),
    "error.crashes_the_server": (
        "这个文件多次使程序中断，已放到一边。请重新导出后再添加。",
        "This file ended the program several times and was set aside. Export it again and add it.",
    ),
    "error.file_too_large": (
        "文件有 {size_mb} MB，超过 {limit_mb} MB 的上限。",
        "The file has {size_mb} MB; the limit is {limit_mb} MB.",
    ),
    "error.file_vanished": (
        "文件在读取之前已被移走或删除：{path}",
        "The file was moved or deleted before it was read: {path}",
    ),
    "error.disk_full": (
        "磁盘已满，没有写入。腾出空间后重试。",
        "The disk is full; nothing was written. Make room and try again.",
    ),
    "error.read_only": (
        "{path} 所在的磁盘现在只能读取，没有写入。已有内容仍可提问。",
        "The disk that holds {path} can only be read now; nothing was written. Answers go on.",
    ),
    "error.read_only.plain": (
        "数据文件夹所在的磁盘现在只能读取，没有写入。已有内容仍可提问。",
        "The disk of the data folder can only be read now; nothing was written. Answers go on.",
    ),
    "hint.read_only": (
        "请检查磁盘和写入权限，恢复后重试。",
        "Check the disk and the right to write to it, then try again.",
    ),
    "error.disk_failed": (
        "磁盘读写出错（{message}），没有写入。",
        "The disk failed ({message}); nothing was written.",
    ),
    "hint.disk_failed": (
        "请检查磁盘，之后运行 kb doctor 核对数据。",
        "Check the disk, then let kb doctor check the data.",
    ),
    "error.catalog_locked": (
        "目录数据库正被另一个程序占用，这次操作没有进行。请关闭那个程序后重试。",
        "Another program holds the catalog, so that nothing was done. Close it and try again.",
    ),
    "error.file_access": ("无法读写 {path}：{message}", "{path} cannot be accessed: {message}"),
    "error.file_access.plain": ("文件无法读写。", "The file cannot be accessed."),
    "error.new_version_failed": (
        "新版本没有处理成功，仍使用原来的版本。",
        "The new version failed; the one before is still used.",
    ),
    "error.page_limit": (
        "文件共 {pages} 页，只读取了前 {read} 页。",
        "Only the first {read} of {pages} pages were read.",
    ),
    "error.page_limit.plain": (
        "页数超过上限，只读取了前面的部分。",
        "More pages than the limit: only the first ones were read.",
    ),
    "error.pages_without_text.plain": (
        "有些页是图像，没有读出文字，内容未收录。",
        "Some pages are images from which no text was read; they were not taken in.",
    ),
    "error.file_too_large.plain": (
        "文件超过大小上限。",
        "The file is larger than the limit.",
    ),
    "error.file_vanished.plain": (
        "文件在读取之前已被移走或删除。",
        "The file was moved or deleted before it was read.",
    ),
    "error.pages_without_text": (
        "第 {pages} 页是图像，没有读出文字，内容未收录。",
        "Pages {pages} are images from which no text was read; they were not taken in.",
    ),
    "error.pictures_without_text": (
        "有些页只有图像，没有识别出文字（各页情况里字数为 0 的页），请核对。",
        "Some pages show pictures in which no text was found (those with 0 characters): check "
        "them.",
    ),
    "error.damaged_pages": (
        "有些页已损坏，内容未能读出。",
        "Some pages are damaged and could not be read.",
    ),
    "error.pages_damaged.plain": (
        "有些页已损坏，内容未能读出。",
        "Some pages are damaged and could not be read.",
    ),
    "error.low_confidence": (
        "{pages} 页由文字识别（OCR）读出，平均可信度只有 {confidence}%，可能有错字。",
        "{pages} pages were read by OCR with a mean confidence of only {confidence}%: expect wrong "
        "characters.",
    ),
    "error.low_confidence.plain": (
        "由文字识别（OCR）读出，可信度偏低，可能有错字。",
        "Read by OCR with low confidence: expect wrong characters.",
    ),
    "error.unreadable_characters": (
        "约 {percent}% 的字符无法辨认，可能是字体或编码有问题。",
        "About {percent}% of the characters cannot be read: a font or the encoding may be wrong.",
    ),
    "error.unreadable_characters.plain": (
        "部分字符无法辨认，可能是字体或编码有问题。",
        "Some characters cannot be read: a font or the encoding may be wrong.",
    ),
    "error.pages_damaged": (
        "第 {pages} 页的图像已损坏，没有读全。",
        "The pictures of pages {pages} are damaged and were not read in full.",
    ),
    "error.pictures_skipped": (
        "部分图片里的文字没有识别（图片过多、过大、无法打开，或本机没有安装文字识别）。",
        "The text of some pictures was not read: too many, too large or unreadable, or no OCR"
        " is installed.",
    ),
    "error.garbled_text": ("部分文字可能是乱码。", "Some of the text may be garbled."),
    # Requests
    "error.bad_request": ("请求不正确：{problem}", "The request is wrong: {problem}"),
    "error.too_large": (
        "文件超过 {limit_mb} MB 的上限。",
        "The file exceeds the limit of {limit_mb} MB.",
    ),
    "error.bad_questions": (
        "{path} 第 {line} 行不正确：{problem}",
        "{path}, line {line} is wrong: {problem}",
    ),
    "error.no_questions": (
        "“{path}”里没有问题：表格需要有“问题”一列，JSONL 每行需要 id 和 question。",
        "There is no question in {path}: a table needs a column “question”, a line of JSON needs "
        "id and question.",
    ),
    "error.no_route": ("没有这个接口。", "There is no such route."),
    "error.no_method": ("这个接口不支持这种请求方法。", "The route does not take this method."),
    "error.wrong_host": (
        "只接受来自本机地址的访问。",
        "Only requests to this machine's own address are served.",
    ),
    "error.cross_site": (
        "拒绝来自其他网站的修改请求。",
        "Requests of other sites that change something are refused.",
    ),
    "error.host_refused": (
        "不能监听 {host}：在有账号登录之前，服务器只对本机开放。",
        "Cannot listen on {host}: until there are accounts, the server is for this machine only.",
    ),
    "error.port_taken": (
        "端口 {port} 不能使用：{problem}",
        "Port {port} cannot be used: {problem}",
    ),
    "hint.wrong_host": ("请用 http://127.0.0.1 访问。", "Open http://127.0.0.1 instead."),
    "hint.cross_site": (
        "请求需带 X-Zhiku 请求头。",
        "Send the header X-Zhiku with the request.",
    ),
    "hint.host_refused": ("请使用 --host 127.0.0.1。", "Use --host 127.0.0.1."),
    "hint.port_taken": (
        "请用 --port 换一个端口，--port 0 表示自动选择。",
        "Choose another with --port; --port 0 takes a free one.",
    ),
    "hint.server_running": ("服务器已经在运行：{url}", "The server already runs: {url}"),
    "hint.busy": (
        "请等它结束，或关闭占用它的程序。",
        "Wait for it to end, or close the program that holds it.",
    ),
    "hint.catalog_newer": (
        "请安装较新版本的知库，或恢复由这个版本写成的备份：kb restore FILE --replace",
        "Install the newer version, or restore a backup of this one: kb restore FILE --replace",
    ),
    "hint.internal": ("运行 kb doctor 检查环境。", "Run kb doctor to check this machine."),
    "hint.backend_unavailable": (
        "运行 kb doctor 查看缺少什么。",
        "Run kb doctor to see what is missing.",
    ),
    "kind.knowledge_base": ("知识库", "knowledge base"),
    "kind.document": ("文件", "document"),
    "kind.message": ("回答", "answer"),
    "kind.exam": ("评测", "exam"),
    "kind.job": ("任务", "job"),
    "kind.conversation": ("对话", "conversation"),
    "kind.model": ("模型", "model"),
    "kind.chat_model": ("语言模型", "chat model"),
    "kind.embedder": ("向量模型", "embedder"),
    "kind.prompt": ("提示词", "prompt"),
    "kind.folder": ("文件夹", "folder"),
    "kind.path": ("路径", "path"),
    "kind.data_folder": ("数据文件夹", "data folder"),
    "kind.backup": ("备份文件", "backup"),
    "kind.file": ("原件", "original"),
    "kind.page": ("页面", "page"),
    "kind.version": ("旧版本", "earlier version"),
    "kind.upload": ("上传批次", "upload"),
    "kind.failed_file": ("失败的文件，任务", "failed file in job"),
    "format.binary": ("未知的二进制格式", "unknown binary data"),
    "format.ole": ("未知的 Office 格式", "an unknown Office format"),
    "format.image": ("图片", "image"),
    "format.archive": ("压缩包", "archive"),
    "limit.time": ("时间", "time"),
    "limit.memory": ("内存", "memory"),
    "limit.unpacked": ("解压后大小", "unpacked size"),
    "limit.output": ("文字量", "amount of text"),
}

_COMMANDS: dict[str, tuple[str, str]] = {
    "cli.about": (
        "知库：离线查询公司自己的文件",
        "Zhiku: ask your company's own documents, offline",
    ),
    "cli.command": ("命令", "COMMAND"),
    "cli.create": ("新建知识库", "make a knowledge base"),
    "cli.list": ("列出知识库", "list the knowledge bases"),
    "cli.rename": ("给知识库改名", "rename a knowledge base"),
    "cli.delete": ("把知识库移入回收站", "move a knowledge base to the bin"),
    "cli.add": ("添加文件或文件夹", "add files or folders"),
    "cli.documents": ("列出知识库中的文件", "list the documents of a knowledge base"),
    "cli.show": ("显示文件的正文", "print the text of a document"),
    "cli.remove": ("把文件移入回收站", "move a document to the bin"),
    "cli.synonyms": (
        "查看或设置同义词",
        "list or set the words that a knowledge base takes for one another",
    ),
    "cli.opt.synonyms_file": (
        "用文件中的同义词替换全部：每行一组，用“=”分隔",
        "replace all by those of a file: a group on each line, parted by “=”",
    ),
    "cli.no_synonyms": (
        "还没有同义词。每行一组，例如：年假 = 带薪年休假",
        "No synonyms yet. A group on each line, such as: PO = purchase order",
    ),
    "cli.search": ("查找段落", "find passages"),
    "cli.ask": ("提问", "ask a question"),
    "cli.eval": ("批量回答一个问题文件", "answer a file of questions"),
    "cli.jobs": ("查看、停止或重试任务", "list, cancel or retry jobs"),
    "cli.serve": ("启动服务器", "run the server"),
    "cli.models": ("查看、下载、选用或校验模型", "list, fetch, choose or verify models"),
    "cli.doctor": ("检查本机环境", "check this machine"),
    "cli.backup": (
        "把全部知识库备份成一个文件，服务器运行时也可以",
        "write all knowledge bases into one file, also beside a running server",
    ),
    "cli.restore": (
        "用备份恢复数据文件夹，先停服务器",
        "restore the data folder from a backup; stop the server first",
    ),
    "cli.arg.file": ("备份文件", "the backup"),
    "cli.opt.replace": (
        "数据文件夹里已有内容时也恢复，原有内容移到回收站",
        "also where the data folder holds something, which goes to its bin",
    ),
    "cli.backed_up": (
        "已备份 {knowledge_bases} 个知识库、{documents} 个文件，共 {size}：{file}",
        "{knowledge_bases} knowledge bases with {documents} documents backed up, {size}: {file}",
    ),
    "cli.backup_missing": (
        "有 {count} 个原件本来就不在，没有备份：{names}",
        "{count} originals were not there to be backed up: {names}",
    ),
    "cli.restored": (
        "已恢复 {knowledge_bases} 个知识库、{documents} 个文件：{home}",
        "{knowledge_bases} knowledge bases with {documents} documents restored: {home}",
    ),
    "cli.backup_progress": ("已写 {done} / {total}", "{done} of {total} written"),
    "cli.restore_progress": ("已恢复 {done} / {total}", "{done} of {total} restored"),
    "cli.opt.repair": (
        "核对数据文件夹，并修复能重建的部分",
        "prove that the data folder holds together, and mend what can be made again",
    ),
    "cli.check.data": ("数据文件夹的完整性", "data folder"),
    "cli.check.data.fine": ("没有发现问题", "nothing is amiss"),
    "finding.catalog_damaged": (
        "目录数据库已损坏（{items}）。请用备份恢复：kb restore",
        "The catalog is damaged ({items}). Restore a backup: kb restore",
    ),
    "finding.texts_incomplete": (
        "{kb}：{count} 个文件的内容不完整：{items}",
        "{kb}: the text of {count} documents is not whole: {items}",
    ),
    "finding.texts_unused": (
        "{kb}：{count} 份内容没有文件使用",
        "{kb}: {count} texts belong to no document",
    ),
    "finding.vector_index": (
        "{kb}：向量索引与目录不一致，相差 {count} 段 {items}",
        "{kb}: the vector index differs from the catalog by {count} passages {items}",
    ),
    "finding.keyword_index": (
        "{kb}：关键词索引与目录不一致，相差 {count} 段 {items}",
        "{kb}: the keyword index differs from the catalog by {count} passages {items}",
    ),
    "finding.staging_left": (
        "{kb}：有 {count} 个任务遗留的临时文件夹",
        "{kb}: {count} folders of ended jobs are left",
    ),
    "finding.originals_missing": (
        "{kb}：{count} 个文件的原件不见了，仍可回答：{items}。请重新添加或从备份取回",
        "{kb}: the originals of {count} documents are gone, which still answer: {items}. "
        "Add them again or take them from a backup",
    ),
    "finding.originals_changed": (
        "{kb}：{count} 个文件的原件与收录时不同：{items}。可以 kb sync",
        "{kb}: the originals of {count} documents are not those that were read: {items}. kb sync",
    ),
    "finding.versions_left": (
        "{kb}：有 {count} 个旧版本文件已无记录：{items}",
        "{kb}: {count} files of earlier versions belong to none: {items}",
    ),
    "finding.versions_missing": (
        "{kb}：{count} 个旧版本的原件不见了，正文仍可查看：{items}",
        "{kb}: the files of {count} earlier versions are gone, their texts are there: {items}",
    ),
    "finding.repaired": ("。已修复或正在重建", ". Mended, or being mended"),
    "cli.link": (
        "让知识库与一个文件夹保持一致，只读取，不改动其中的文件",
        "mirror a folder, which is only read",
    ),
    "cli.unlink": ("不再与文件夹保持一致", "mirror a folder no more"),
    "cli.sync": (
        "按文件夹的现状更新知识库，不写名称就更新全部",
        "bring a knowledge base, or all of them, in step with their folders",
    ),
    "cli.arg.folder": ("文件夹", "the folder"),
    "cli.opt.removal_share": (
        "一次少了超过这个比例的文件时先询问，0 到 1，默认 0.2",
        "ask before more than this share of its files is removed at once, 0 to 1; default 0.2",
    ),
    "cli.opt.ignore": (
        "不收录的文件，写法同 .gitignore，可重复",
        "files to leave out, as in .gitignore; repeatable",
    ),
    "cli.opt.keep": ("保留已收录的文件", "keep its documents"),
    "cli.opt.dry_run": ("只说明会做什么，不做改动", "only tell what would be done"),
    "cli.opt.confirm": ("大量文件已删除时，确认从知识库移除", "remove even many documents"),
    "cli.linked": (
        "已登记，尚未收录。运行 kb sync {name} 开始。",
        "Linked; nothing is taken in yet. kb sync {name} begins.",
    ),
    "cli.unlinked": (
        "已解除，其文件已从知识库移除，原文件夹没有改动。",
        "Unlinked; its documents are out, the folder is as it was.",
    ),
    "cli.unlinked_kept": (
        "已解除，已收录的内容继续可用。",
        "Unlinked; what was taken in still answers.",
    ),
    "cli.sync.counts": (
        "新增 {added} · 修改 {changed} · 改名 {renamed} · 删除 {removed}",
        "{added} new · {changed} changed · {renamed} renamed · {removed} removed",
    ),
    "cli.sync.moving": (
        "{count} 个文件正在写入，稍后再看",
        "{count} files are still being written",
    ),
    "cli.sync.excluded": ("{count} 个文件按规则不收录", "{count} files are left out"),
    "cli.sync.amiss": (
        "{count} 个文件没有收录成功，或内容不完整",
        "{count} files were not taken in, or not whole",
    ),
    "cli.sync.unreadable": ("无法读取：{path}", "cannot be read: {path}"),
    "cli.sync.must_confirm": (
        "有 {count} 个文件已删除，超过限度，先不移除。确认无误请运行 kb sync --confirm。",
        "{count} files are gone, too many to remove unasked. If that is right: kb sync --confirm.",
    ),
    "cli.json": ("输出一个 JSON 值", "print one JSON value"),
    "cli.arg.name": ("知识库的名称或 ID", "name or id of a knowledge base"),
    "cli.arg.new_name": ("新名称", "the new name"),
    "cli.arg.paths": ("文件或文件夹", "files or folders"),
    "cli.arg.document": ("文件名、相对路径或编号", "name, relative path or number of a document"),
    "cli.arg.question": ("问题", "the question"),
    "cli.arg.questions": ("问题文件（JSON Lines）", "questions, a JSON-lines file"),
    "cli.arg.action": ("要做什么", "what to do"),
    "cli.arg.model": ("模型名称", "name of a model"),
    "cli.opt.description": ("说明", "description"),
    "cli.opt.embedder": ("向量模型", "embedder"),
    "cli.opt.no_wait": ("加入队列后立即返回", "return as soon as the files are queued"),
    "cli.opt.password": ("受保护文件的密码", "password of protected files"),
    "cli.opt.state": ("只列出这种状态的文件", "only documents in this state"),
    "cli.opt.health": (
        "只列出读取质量为 green、amber 或 red 的文件，可用逗号连接",
        "only documents whose health is green, amber or red; join several by commas",
    ),
    "cli.opt.contains": ("只列出名称含有这段文字的文件", "only documents whose name contains this"),
    "cli.opt.passages": ("同时输出段落", "print the passages"),
    "cli.opt.versions": ("列出修改或删除之前的版本", "list what it was before it changed or went"),
    "cli.opt.version": ("输出这个旧版本的正文", "print the text of this earlier version"),
    "cli.opt.also": ("同时查找另一个知识库，可重复", "search this knowledge base too; repeatable"),
    "cli.opt.top_k": ("取几段", "number of passages"),
    "cli.opt.type": ("只在这种格式的文件里找，可重复", "only in files of this format; repeatable"),
    "cli.opt.since": (
        "只在这一天及以后修改过的文件里找",
        "only in files that were changed on this day or later",
    ),
    "cli.opt.until": (
        "只在这一天及以前修改过的文件里找",
        "only in files that were changed by the end of this day",
    ),
    "cli.opt.conversation": ("接着这个对话提问", "go on with this conversation"),
    "cli.opt.no_follow_up": (
        "按原话提问，不用上文补全问题",
        "ask as typed: do not complete the question by what was said before",
    ),
    "cli.opt.language": (
        "答案的语言，auto 表示与问题相同",
        "language of the answer; auto: that of the question",
    ),
    "cli.opt.out": ("结果文件（JSON Lines）", "results, a JSON-lines file"),
    "cli.opt.retrieval_only": ("只查找，不作答", "search only, no answers"),
    "cli.opt.cancel": ("停止这个任务", "cancel this job"),
    "cli.opt.retry": ("重试这个任务中失败的文件", "retry the failed files of this job"),
    "cli.opt.retry_password": (
        "重试时打开受保护文件的密码",
        "password of the protected files that are retried",
    ),
    "cli.opt.host": ("监听地址", "address to listen on"),
    "cli.opt.port": ("端口，0 表示自动选择", "port; 0 takes a free one"),
    "cli.opt.model_path": (
        "登记本机上的模型文件或文件夹、兼容 OpenAI 的服务地址（以 /v1 结尾），"
        "或含有该名称的 JSON 文件",
        "register a model file or folder of this machine, the address of an OpenAI-compatible "
        "server (ends in /v1), or a JSON file with an entry of that name",
    ),
    "cli.opt.api_key": ("服务的密钥", "key of the server"),
    "cli.opt.served_as": (
        "服务里的模型名称（默认与这里相同）",
        "what the server calls the model (default: the same name)",
    ),
    "cli.opt.context": (
        "提问与回答合计的词元数",
        "tokens for question and answer together",
    ),
    "cli.opt.lora": (
        "LoRA：peft 的文件夹，或 GGUF 文件",
        "a LoRA: a folder of peft's, or a GGUF file",
    ),
    "cli.opt.prefix": (
        "转换时带上 P-Tuning v2 的检查点",
        "a checkpoint of P-Tuning v2 to convert with the model",
    ),
    "cli.opt.quantize": (
        "权重的存法：转换 ChatGLM 时 q4_0、q4_1、q5_0、q5_1、q8_0、f16；登记文件夹时 int8、int4",
        "how weights are kept: q4_0, q4_1, q5_0, q5_1, q8_0 or f16 to convert ChatGLM, int8 or "
        "int4 to register a folder",
    ),
    "cli.opt.trust_code": (
        "允许运行这个文件夹里的程序代码",
        "let program code in that folder run",
    ),
    "cli.opt.origin": ("从哪里下载", "where to fetch it from"),
    "cli.head.name": ("名称", "Name"),
    "cli.head.documents": ("文件", "Documents"),
    "cli.head.passages": ("段落", "Passages"),
    "cli.head.size": ("大小", "Size"),
    "cli.head.id": ("编号", "No."),
    "cli.head.document": ("文件", "Document"),
    "cli.head.state": ("状态", "State"),
    "cli.head.health": ("读取质量", "Health"),
    "cli.head.format": ("格式", "Format"),
    "cli.head.suffixes": ("扩展名", "Suffixes"),
    "cli.head.hint": ("办法", "Remedy"),
    "cli.head.pages": ("页数", "Pages"),
    "cli.head.reason": ("说明", "Remark"),
    "cli.head.job": ("任务", "Job"),
    "cli.head.kind": ("类型", "Kind"),
    "cli.head.progress": ("进度", "Progress"),
    "cli.head.stage": ("阶段", "Stage"),
    "cli.head.model": ("模型", "Model"),
    "cli.head.version": ("版本", "Version"),
    "cli.head.since": ("从", "From"),
    "cli.head.until": ("到", "To"),
    "cli.head.ended": ("原因", "Why"),
    "cli.ended.changed": ("被新版本取代", "changed"),
    "cli.ended.deleted": ("文件被删除", "deleted"),
    "cli.no_versions": (
        "“{document}”没有旧版本",
        "“{document}” has no earlier versions",
    ),
    "cli.head.backend": ("后端", "Backend"),
    "cli.head.licence": ("许可", "Licence"),
    "cli.head.check": ("检查", "Check"),
    "cli.head.detail": ("结果", "Finding"),
    "cli.no_knowledge_bases": (
        "还没有知识库。用 kb create 名称 新建一个。",
        "No knowledge bases yet. Make one with kb create NAME.",
    ),
    "cli.created": ("已新建知识库“{name}”", "Knowledge base “{name}” created"),
    "cli.renamed": ("已改名为“{name}”", "Renamed to “{name}”"),
    "cli.deleted": ("知识库“{name}”已移入回收站", "Knowledge base “{name}” moved to the bin"),
    "cli.removed": ("“{document}”已移入回收站", "“{document}” moved to the bin"),
    "cli.added": ("{files} 个文件，用时 {seconds:.1f} 秒", "{files} files in {seconds:.1f} s"),
    "cli.counts": ("{lines} 行，{passages} 个段落", "{lines} lines, {passages} passages"),
    "cli.found": (
        "可回答度 {answerable:.2f}，用时 {milliseconds:.0f} 毫秒",
        "answerable {answerable:.2f}, {milliseconds:.0f} ms",
    ),
    "cli.sources": ("资料来源：", "Sources:"),
    "cli.nearest": ("最接近的资料：", "Nearest passages:"),
    "cli.examined": (
        "共 {questions} 题：回答 {answered}，此前已答 {skipped}，失败 {failed}；结果在 {results}",
        "{questions} questions: {answered} answered, {skipped} before, {failed} failed: {results}",
    ),
    "cli.exam_page": ("报告：{page}", "Report: {page}"),
    "cli.eta": ("还需约 {seconds} 秒", "about {seconds} s left"),
    "cli.serving": ("知库已启动：{url}（按 Ctrl-C 停止）", "Zhiku runs at {url} (Ctrl-C stops it)"),
    "cli.model.present": ("已下载", "here"),
    "cli.model.absent": ("未下载", "not here"),
    "cli.model.used": ("使用中", "in use"),
    "cli.model.kind.chat": ("语言模型", "chat"),
    "cli.model.kind.embedder": ("向量模型", "embedder"),
    "error.model_name_missing": (
        "请写出模型名称，例如 kb models {action} qwen2.5-coder-1.5b",
        "Name a model, for example kb models {action} qwen2.5-coder-1.5b",
    ),
    "cli.model.pulled": ("模型 {name} 已就绪", "Model {name} is here"),
    "cli.model.using": ("已选用 {name}", "{name} is now in use"),
    "cli.model.converted": (
        "已转换为 {name}（{path}）；选用：{command}",
        "Converted to {name} ({path}); to use it: {command}",
    ),
    "cli.model.cosine": (
        "与原模型向量的余弦：平均 {mean}，最低 {least}",
        "Cosine to the vectors of its source: {mean} on average, {least} at least",
    ),
    "cli.model.verified": ("模型 {name} 校验通过", "Model {name} is as it should be"),
    "cli.check.ok": ("正常", "ok"),
    "cli.check.warning": ("注意", "warning"),
    "cli.check.failed": ("有问题", "failed"),
    "cli.check.python": ("Python", "Python"),
    "cli.check.packages": ("组件", "packages"),
    "cli.check.package": ("组件 {name}", "package {name}"),
    "cli.check.package.missing": ("没有安装", "not installed"),
    "cli.check.home": ("数据文件夹", "data folder"),
    "cli.check.home.free": ("{path}，剩余空间 {free}", "{path}, {free} free"),
    "cli.check.home.unwritable": ("{path} 不能写入", "{path} cannot be written"),
    "cli.check.server": ("服务器", "server"),
    "cli.check.server.running": ("正在运行：{url}", "runs at {url}"),
    "cli.check.server.none": ("没有运行", "does not run"),
    "cli.check.model": ("{kind} {name}", "{kind} {name}"),
    "cli.check.engine": ("语言模型引擎", "chat engine"),
    "cli.check.engine.none": (
        "没有可用的引擎，只能摘录原文作答",
        "none installed: answers are excerpts",
    ),
    "cli.check.formats": ("可读取的格式", "formats"),
    "cli.check.formats.lacking": (
        "缺少组件，不能读取：{names}",
        "packages are missing for {names}",
    ),
    "cli.check.ocr": ("文字识别（OCR）", "OCR"),
    "cli.check.ocr.ok": ("可用", "available"),
    "cli.check.ocr.missing": (
        "没有安装：扫描件和图片里的文字读不出来",
        "not installed: text in scans and pictures is not read",
    ),
    "cli.format.ok": ("可以读取", "is read"),
    "cli.format.missing": ("缺少 {names}", "lacks {names}"),
    "cli.format.unsupported": ("不支持", "is not read"),
    "cli.format.convert": (
        "另存为 PDF、docx、xlsx 或文本",
        "save it as PDF, docx, xlsx or text",
    ),
    "cli.format.unpack": ("解压后再添加", "unpack it first"),
    "openai.sources": ("资料来源：", "Sources:"),
    "openai.nearest": ("最接近的资料：", "Nearest passages:"),
}

_EXAM: dict[str, tuple[str, str]] = {
    "exam.page.title": ("评测报告", "Exam report"),
    "exam.questions": ("{count} 题", "{count} questions"),
    "exam.question": ("问题", "Question"),
    "exam.id": ("编号", "No."),
    "exam.answer": ("知库的回答", "Answer"),
    "exam.gold": ("标准答案", "Expected"),
    "exam.gold.refuse": ("资料里没有答案，应当拒答", "Not in the documents: to be refused"),
    "exam.gold.none": ("没有标准答案", "Not known"),
    "exam.gold.document": ("答案所在文件", "Document"),
    "exam.gold_passage": ("正确段落", "right passage"),
    "exam.rank": ("正确段落排第几", "Rank of the right passage"),
    "exam.answerable": ("可回答度", "Answerable"),
    "exam.verdict": ("判定", "Verdict"),
    "exam.verdict.right": ("答对", "right"),
    "exam.verdict.wrong": ("答错", "wrong"),
    "exam.verdict.ungraded": ("未评分", "not judged"),
    "exam.verdict.unanswered": ("未作答", "not answered"),
    "exam.figures": ("指标", "Measures"),
    "exam.no_figures": (
        "没有标准答案，无法计算指标。",
        "Nothing can be measured without expected answers.",
    ),
    "exam.measure": ("指标", "Measure"),
    "exam.value": ("数值", "Value"),
    "exam.interval": ("95% 置信区间", "95% interval"),
    "exam.n": ("题数", "n"),
    "exam.medians": (
        "每题用时（中位数）：检索 {retrieve:.0f} 毫秒，全程 {total:.1f} 秒",
        "Median time a question: retrieval {retrieve:.0f} ms, in all {total:.1f} s",
    ),
    "exam.figure.right": ("答对率", "Right"),
    "exam.figure.right_answerable": ("有答案的题答对率", "Right, of those with an answer"),
    "exam.figure.recall@1": ("首段命中率", "Recall@1"),
    "exam.figure.recall@5": ("前 5 段命中率", "Recall@5"),
    "exam.figure.mrr": ("平均倒数排名（MRR）", "MRR"),
    "exam.figure.ndcg@5": ("排序质量（nDCG@5）", "nDCG@5"),
    "exam.figure.token_f1": ("与标准答案的重合度（F1）", "Token F1"),
    "exam.figure.refusal_precision": ("拒答的准确率", "Refusal precision"),
    "exam.figure.refusal_recall": ("该拒答时拒答的比例", "Refusal recall"),
    "exam.figure.wrongly_refused": ("有答案却拒答的比例", "Wrongly refused"),
    "exam.figure.table_exact": ("表格答案精确率", "Table answers exact"),
    "exam.figure.citation_gold": ("出处正确的比例", "Citations right"),
    "exam.figure.citation_answer": ("出处含有答案的比例", "Citations hold the answer"),
    "exam.figure.supported": ("有依据的句子比例", "Sentences supported"),
    "exam.dimensions": ("评审四维度", "Four dimensions"),
    "exam.dimensions.help": (
        "由文字统计得出，不经过语言模型评判，满分 2 分；适合比较同一批题，不等于评审打分。",
        "Counted from the texts without a judge model, 2 at best. They compare answers to the same "
        "questions and are no reviewer's marks.",
    ),
    "exam.dimension.coherence": ("连贯性", "Coherence"),
    "exam.dimension.fluency": ("流利性", "Fluency"),
    "exam.dimension.informativeness": ("信息量", "Informativeness"),
    "exam.dimension.factuality": ("是否符合事实", "Factuality"),
    "exam.dimension.weighted": ("加权总分", "Weighted"),
    "exam.plots": ("分布", "Distributions"),
    "exam.plot.answerable": ("按可回答度", "By answerable"),
    "exam.plot.rank": ("按正确段落的名次", "By the rank of the right passage"),
    "exam.plot.not_found": ("未找到", "not found"),
    "exam.worst": ("错得最重的题", "Worst cases"),
    "exam.no_wrong": ("没有答错的题。", "No question was answered wrongly."),
    "exam.all": ("全部题目", "All questions"),
    # The page
    "exam.intro": (
        "用一批已知答案的问题检验知库：换模型、改设置、加文件之前和之后各测一次，好坏一目了然。",
        "Check Zhiku with questions whose answers are known: once before and once after changing "
        "a model, a setting or the files.",
    ),
    "exam.new": ("新的评测", "New exam"),
    "exam.runs": ("评测记录", "Exams so far"),
    "exam.none.title": ("还没有评测", "No exams yet"),
    "exam.none.body": (
        "上传一份问题，或从真实对话的“赞”“踩”里收集，就可以开始第一次评测。",
        "Upload questions, or collect them from thumbs under real answers, to begin the first one.",
    ),
    "exam.no_bases": (
        "知识库里还没有可查的内容，先去添加文件。",
        "There is nothing to search yet: add files to a knowledge base first.",
    ),
    "exam.source": ("问题从哪里来", "Where the questions come from"),
    "exam.source.file": ("上传文件", "A file"),
    "exam.source.feedback": ("对话反馈", "Feedback on answers"),
    "exam.upload": (
        "问题文件（JSONL，或带“问题”“答案”两列的 CSV、Excel）",
        "File of questions (JSONL, or CSV or Excel with the columns question and answer)",
    ),
    "exam.upload.help": (
        "答案可以不填，不填的题只作答、不评分；多个可接受的答案用 | 隔开；"
        "答案填“拒答”表示资料里没有。还可以有“文件”一列，写明答案在哪个文件里。",
        "Without an answer a question is asked but not judged. Part several right answers by |; "
        "“refuse” in a column “expected” says that the files hold none. A column “document” names "
        "the file of the answer.",
    ),
    "exam.upload.button": ("选择文件", "Choose a file"),
    "exam.example": ("下载示例文件", "Download an example"),
    "exam.example.file": ("评测示例.csv", "exam-example.csv"),
    "exam.read": (
        "读到 {count} 题，其中 {known} 题有标准答案",
        "{count} questions, {known} of them with an expected answer",
    ),
    "exam.feedback.none": (
        "还没有反馈。在“提问”页的回答下面点“赞”或“踩”，问题就会收集到这里。",
        "No feedback yet. Click a thumb under an answer and its question is collected here.",
    ),
    "exam.feedback.help": (
        "点过“赞”的回答用作标准答案；点过“踩”的，请在这里填上正确答案。",
        "Praised answers are taken as the expected ones; fill in the right answer where one was "
        "blamed.",
    ),
    "exam.feedback.praise": ("反馈", "Feedback"),
    "exam.feedback.up": ("赞", "Praised"),
    "exam.feedback.down": ("踩", "Blamed"),
    "exam.feedback.refuse": ("应拒答", "To be refused"),
    "exam.feedback.use": ("选用", "Use"),
    "exam.bases": ("评测哪些知识库", "Knowledge bases"),
    "exam.bases.placeholder": ("请选择", "Choose"),
    "exam.retrieval_only": ("只测检索，不生成回答", "Retrieval only, no answers"),
    "exam.retrieval_only.help": (
        "几秒到几分钟就能测完，适合比较检索设置",
        "Takes seconds to minutes; good for comparing settings of retrieval",
    ),
    "exam.more": ("更多设置", "More settings"),
    "exam.as_set": ("沿用知识库的设置", "As set for the knowledge base"),
    "exam.start": ("开始评测", "Start"),
    "exam.open": ("查看", "Open"),
    "exam.back": ("全部评测", "All exams"),
    "exam.compare": ("对比最近两次", "Compare the latest two"),
    "exam.compare.title": ("对比两次评测", "Compare two exams"),
    "exam.compare.first": ("前一次", "First"),
    "exam.compare.second": ("后一次", "Second"),
    "exam.compare.same": ("请选择两次不同的评测。", "Choose two different exams."),
    "exam.compare.settings": ("设置", "Settings"),
    "exam.compare.difference": ("变化", "Difference"),
    "exam.compare.gained": ("由错变对（{count}）", "Became right ({count})"),
    "exam.compare.lost": ("由对变错（{count}）", "Became wrong ({count})"),
    "exam.compare.no_change": ("没有变化的题。", "None."),
    "exam.compare.common": (
        "两次共有 {count} 道相同的题。",
        "{count} questions are in both.",
    ),
    "exam.state.queued": ("排队中", "queued"),
    "exam.state.running": ("进行中", "running"),
    "exam.state.done": ("已完成", "done"),
    "exam.state.failed": ("有题失败", "failed"),
    "exam.state.cancelled": ("已取消", "cancelled"),
    "exam.progress": ("{done} / {total} 题", "{done} of {total}"),
    "exam.failed": ("{count} 题失败", "{count} failed"),
    "exam.eta": ("约剩 {minutes} 分钟", "about {minutes} min left"),
    "exam.only_retrieval": ("只测检索", "retrieval only"),
    "exam.no_model": ("没有语言模型", "no chat model"),
    "exam.resume": ("继续未答的题", "Go on"),
    "exam.delete": ("删除", "Delete"),
    "exam.download_page": ("下载报告", "Download report"),
    "exam.download_results": ("下载结果", "Download results"),
    "exam.measuring": ("正在统计…", "Measuring…"),
    "exam.filter": ("显示哪些题", "Which questions"),
    "exam.filter.all": ("全部", "All"),
    "exam.filter.empty": ("没有这样的题。", "There are none."),
    "exam.page": ("页码", "Page"),
    "exam.retrieval": ("检索到的段落", "Passages found"),
    "exam.retrieval.none": ("没有检索到段落。", "No passage was found."),
    "exam.cited": ("回答引用", "cited"),
    "exam.setting.date": ("日期", "Date"),
    "exam.setting.bases": ("知识库", "Knowledge bases"),
    "exam.setting.size": ("文件与段落", "Documents and passages"),
    "exam.setting.size.value": (
        "{documents} 个文件，{passages} 个段落",
        "{documents} documents, {passages} passages",
    ),
    "exam.setting.chat": ("语言模型", "Chat model"),
    "exam.setting.embedder": ("向量模型", "Embedder"),
    "exam.setting.top_k": ("每次取几段", "Passages"),
    "exam.setting.threshold": ("可回答度门槛", "Threshold"),
    "exam.setting.prompt": ("提示词", "Prompt"),
    "exam.setting.duration": ("用时", "Duration"),
    "exam.setting.duration.value": ("{minutes:.1f} 分钟", "{minutes:.1f} min"),
    "exam.setting.questions": ("题数", "Questions"),
}

TEXTS: dict[str, tuple[str, str]] = {**_PAGES, **_EXAM, **_ERRORS, **_COMMANDS}
