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
    "answer.stopped": ("已停止，没有生成答案", "Stopped before there was an answer"),
    "answer.answerable": ("可回答度 {answerable:.2f}", "Answerable {answerable:.2f}"),
    "answer.standalone": ("按“{question}”查找", "Searched for “{question}”"),
    "answer.seconds": ("用时 {seconds:.1f} 秒", "{seconds:.1f} s"),
    "source.open_page": ("查看第 {page} 页", "View page {page}"),
    "source.page_title": ("第 {page} 页", "Page {page}"),
    "source.open_document": ("查看全文", "Read document"),
    "source.download": ("下载原件", "Download original"),
    "source.score": ("相关度 {score:.2f}", "Relevance {score:.2f}"),
    # Knowledge bases
    "kb.all": ("全部知识库", "All knowledge bases"),
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
    "job.add": ("添加文件", "Adding files"),
    "job.reindex": ("更换向量模型", "Changing the embedder"),
    "job.read_again": ("重新处理文件", "Reading files again"),
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
    "error.ingest_failed": ("文件没有收录成功：{message}", "The file was not taken in: {message}"),
    "error.ingest_failed.plain": ("文件没有收录成功。", "The file was not taken in."),
    "error.cancelled": ("操作已取消。", "Cancelled."),
    "error.model_file": (
        "模型 {model} 的文件缺失、不完整或校验不符。",
        "The files of model {model} are missing, incomplete or fail their checksum.",
    ),
    "error.model_file.plain": (
        "模型文件有问题：{message}",
        "A model file is not as it should be: {message}",
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
    "hint.internal": ("运行 kb doctor 检查环境。", "Run kb doctor to check this machine."),
    "hint.backend_unavailable": (
        "运行 kb doctor 查看缺少什么。",
        "Run kb doctor to see what is missing.",
    ),
    "kind.knowledge_base": ("知识库", "knowledge base"),
    "kind.document": ("文件", "document"),
    "kind.job": ("任务", "job"),
    "kind.conversation": ("对话", "conversation"),
    "kind.model": ("模型", "model"),
    "kind.chat_model": ("语言模型", "chat model"),
    "kind.embedder": ("向量模型", "embedder"),
    "kind.prompt": ("提示词", "prompt"),
    "kind.path": ("路径", "path"),
    "kind.file": ("原件", "original"),
    "kind.page": ("页面", "page"),
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
    "cli.search": ("查找段落", "find passages"),
    "cli.ask": ("提问", "ask a question"),
    "cli.eval": ("批量回答一个问题文件", "answer a file of questions"),
    "cli.jobs": ("查看、停止或重试任务", "list, cancel or retry jobs"),
    "cli.serve": ("启动服务器", "run the server"),
    "cli.models": ("查看、下载、选用或校验模型", "list, fetch, choose or verify models"),
    "cli.doctor": ("检查本机环境", "check this machine"),
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
    "cli.opt.also": ("同时查找另一个知识库，可重复", "search this knowledge base too; repeatable"),
    "cli.opt.top_k": ("取几段", "number of passages"),
    "cli.opt.conversation": ("接着这个对话提问", "go on with this conversation"),
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
    "cli.opt.model_path": ("登记本机上的模型文件或文件夹", "register a model of this machine"),
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

TEXTS: dict[str, tuple[str, str]] = {**_PAGES, **_ERRORS, **_COMMANDS}
