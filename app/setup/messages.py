"""What the set-up says, in Chinese and in English.

These sentences live here, not in `app.strings`, because they must be there before any package is
installed; this module must also parse on every Python 3, to tell an old one that it is too old.
"""

import os
import sys

CHINESE = {
    "old_python": "知库需要 Python 3.11 或更新的版本，现在运行的是 {version}（{executable}）。"
    "请安装新版 Python 后再运行，例如：python3.11 -m app",
    "usage": "知库：用公司自己的文件回答问题。首次运行会自动完成安装。",
    "usage_setup": "只安装，不启动",
    "usage_host": "监听的地址（默认 127.0.0.1）",
    "usage_port": "端口（默认 8501；0 表示任取一个空闲端口）",
    "usage_no_browser": "不打开浏览器",
    "usage_transformers": "同时安装 PyTorch 与 sentence-transformers（用于 m3e、BGE）",
    "usage_chatglm": "同时编译 chatglm-cpp（用于 ChatGLM、ChatGLM2、ChatGLM3、GLM-4 的 GGML 文件）",
    "step_environment": "建立运行环境 .venv",
    "step_packages": "安装依赖",
    "step_engine": "安装 GGUF 引擎",
    "step_office": "安装 LibreOffice",
    "step_models": "取得并校验模型",
    "step_torch": "安装 torch",
    "step_dev": "安装测试工具",
    "step_transformers": "安装 transformers",
    "step_chatglm": "编译 chatglm-cpp",
    "step_browser": "安装浏览器",
    "step_server": "启动服务",
    "done": "完成",
    "already": "已就绪",
    "seconds": "{seconds} 秒",
    "minutes": "{minutes} 分 {seconds} 秒",
    "repairing": "上次没有建完，重新建立",
    "checking_installed": "检查已装的包 {done}/{total}",
    "reinstalling": "{count} 个包上次没有装完，重新安装",
    "installing": "已装 {done}/{total} · 已下载 {megabytes} MB · {name}",
    "building": "正在编译 {name}（约 4 分钟）",
    "finding_compiler": "寻找编译器",
    "apt": "apt 安装 {packages}",
    "no_compiler": "没有找到 C++ 编译器，改用现成的 xllamacpp（首字慢约一倍）。"
    "要用编译版，请先执行：{command}，然后再运行 python3 -m app setup",
    "compile_failed": "llama-cpp-python 没有编译成功，改用现成的 xllamacpp。编译记录：{log}",
    "no_engine": "GGUF 引擎没有装上，回答将直接摘录原文。"
    "处理好后运行 python3 -m app setup 再试；记录：{log}",
    "chatglm_needs_compiler": "chatglm-cpp 要在本机编译，但没有找到 C++ 编译器。"
    "请先执行：{command}，然后再运行一次。",
    "chatglm_failed": "chatglm-cpp 装好了却不能用：{problem}。"
    "请删除 .venv 里的 chatglm_cpp 后再运行一次；记录：{log}",
    "pulling": "{doing} {done}/{total} MB",
    "stage_download": "下载",
    "stage_unpack": "解包拼合",
    "stage_verify": "校验",
    "stage_convert": "转换",
    "models_failed": "模型没有取得：{problem}",
    "waiting_turn": "另一个安装正在进行，等它结束",
    "no_venv": "这个 Python 没有 venv 模块，无法建立运行环境。"
    "请先执行：apt install python3-venv（或安装带 venv 与 pip 的 Python），然后再运行一次。",
    "no_pip": "运行环境里没有 pip。请先执行：apt install python3-venv python3-pip"
    "（或安装带 pip 的 Python），删除文件夹 {path}，然后再运行一次。",
    "venv_failed": "运行环境没有建成：{problem}",
    "old_environment": "文件夹 {path} 里是 Python {version}，需要 3.11 或更新。"
    "请删除这个文件夹，然后再运行一次。",
    "no_space": "磁盘空间不够：{path} 还需要约 {needed} GB，"
    "只剩 {free} GB。请腾出空间，然后再运行一次。",
    "disk_full": "磁盘满了。请腾出空间（约 5 GB），然后再运行一次；会从停下的地方接着做。",
    "not_writable": "不能写入 {path}。请换到可以写的文件夹，或取得写入的权限，然后再运行一次。",
    "no_network": "连不上软件包索引。请检查网络；公司内网请设置自己的 pip 镜像"
    "（pip config set global.index-url 地址，或环境变量 PIP_INDEX_URL），然后再运行一次；"
    "会从停下的地方接着做。记录：{log}",
    "not_in_index": "软件包索引里没有 {name}。请检查 pip 的镜像设置（pip config list）是否完整、"
    "网络是否通畅，然后再运行一次。记录：{log}",
    "wrong_hash": "{name} 的内容与锁定的校验值不符，没有安装。"
    "请执行 pip cache purge 再运行一次；"
    "若仍如此，说明镜像里的文件被改过，请联系管理员。记录：{log}",
    "pip_failed": "{name} 没有装成：{problem}。记录：{log}",
    "apt_failed": "apt 没有装成：{packages}。请以管理员身份执行：{command}",
    "system_missing": "缺少系统软件包：{packages}。请以管理员身份执行：{command}",
    "no_office": "在此之前，doc、ppt、rtf、odt、odp 文件会标为“不支持”，其余一切照常。"
    "装好后重新添加这些文件即可。",
    "without_office": "未安装",
    "skipped_tests": "需要它的测试会跳过。",
    "interrupted": "已停下。再次运行会从这里接着做。",
    "setup_done": "安装完成。运行 python3 -m app 启动。",
    "os_error": "系统报告错误：{problem}。处理好后再运行一次；会从停下的地方接着做。",
    "unexpected": "出现意外错误：{problem}。再运行一次会接着做；若仍如此，详情在 {log}",
    "bad_port": "KB_PORT 不是端口号：{value}。请改为 0 到 65535 的整数。",
    "port_taken": "端口 {port} 已被别的程序占用。请换一个：python3 -m app --port {other}",
    "bad_host": "不能在地址 {host} 上监听：{problem}。",
    "already_running": "知库已经在运行：{address}",
    "waiting_server": "等待服务就绪",
    "server_failed": "服务没有启动（退出码 {code}）；原因见上面的信息。",
    "ready": "知库已就绪：{address}   （按 Ctrl-C 停止）",
    "stopping": "正在停止 …",
    "stopped": "已停止。",
    "suite_step": "检查：{name}",
    "suite_ok": "通过：{name}（{seconds}）",
    "suite_failed": "未通过：{name}（退出码 {code}，{seconds}）",
    "suite_usage": "安装全部测试所需并运行所有检查与测试；多余的参数交给 pytest。",
    "suite_full": "也运行耗时长的测试",
}

ENGLISH = {
    "old_python": "Zhiku needs Python 3.11 or newer; this is {version} ({executable}). "
    "Install a newer Python and run again, for example: python3.11 -m app",
    "usage": "Zhiku: answers from your company's own documents. The first run does the set-up.",
    "usage_setup": "set up without serving",
    "usage_host": "address to listen on (default 127.0.0.1)",
    "usage_port": "port (default 8501; 0 takes a free one)",
    "usage_no_browser": "do not open a browser",
    "usage_transformers": "also install PyTorch and sentence-transformers (for m3e, BGE)",
    "usage_chatglm": "also compile chatglm-cpp (for GGML files of ChatGLM, ChatGLM2, ChatGLM3 and "
    "GLM-4)",
    "step_environment": "Make the environment .venv",
    "step_packages": "Install packages",
    "step_engine": "Install the GGUF engine",
    "step_office": "Install LibreOffice",
    "step_models": "Fetch and verify the models",
    "step_torch": "Install torch",
    "step_dev": "Install test tools",
    "step_transformers": "Install transformers",
    "step_chatglm": "Compile chatglm-cpp",
    "step_browser": "Install the browser",
    "step_server": "Start the server",
    "done": "done",
    "already": "ready",
    "seconds": "{seconds} s",
    "minutes": "{minutes} min {seconds} s",
    "repairing": "left half-made last time, making it again",
    "checking_installed": "checking installed packages {done}/{total}",
    "reinstalling": "{count} packages were left half-installed, installing them again",
    "installing": "installed {done}/{total} · {megabytes} MB fetched · {name}",
    "building": "compiling {name} (about 4 minutes)",
    "finding_compiler": "looking for a compiler",
    "apt": "apt installs {packages}",
    "no_compiler": "No C++ compiler found; using the ready xllamacpp instead (first word about "
    "twice "
    "as late). For the compiled engine run: {command}, then python3 -m app setup",
    "compile_failed": "llama-cpp-python did not compile; using the ready xllamacpp instead. Log: "
    "{log}",
    "no_engine": "No GGUF engine could be installed; answers will quote the documents directly. "
    "Put it right and run python3 -m app setup to try again; log: {log}",
    "chatglm_needs_compiler": "chatglm-cpp is compiled on this machine, but there is no C++ "
    "compiler. Run: {command}, then run again.",
    "chatglm_failed": "chatglm-cpp was installed but cannot be used: {problem}. Delete chatglm_cpp "
    "in .venv and run again; log: {log}",
    "pulling": "{doing} {done}/{total} MB",
    "stage_download": "download",
    "stage_unpack": "unpack",
    "stage_verify": "verify",
    "stage_convert": "convert",
    "models_failed": "The models could not be fetched: {problem}",
    "waiting_turn": "another set-up is running, waiting for it to end",
    "no_venv": "This Python has no venv module, so the environment cannot be made. "
    "Run: apt install python3-venv (or install a Python with venv and pip), then run again.",
    "no_pip": "The environment has no pip. Run: apt install python3-venv python3-pip "
    "(or install a Python with pip), delete the folder {path}, then run again.",
    "venv_failed": "The environment could not be made: {problem}",
    "old_environment": "The folder {path} holds Python {version}, but 3.11 or newer is needed. "
    "Delete that folder and run again.",
    "no_space": "Not enough disk space: {path} still needs about {needed} GB, {free} GB are free. "
    "Make room and run again.",
    "disk_full": "The disk is full. Make room (about 5 GB) and run again; it goes on where it "
    "stopped.",
    "not_writable": "Cannot write to {path}. Use a folder you may write to, or get the right to, "
    "and run again.",
    "no_network": "The package index cannot be reached. Check the network; inside a company set "
    "its "
    "own pip mirror (pip config set global.index-url ADDRESS, or PIP_INDEX_URL) and run again; "
    "it goes on where it stopped. Log: {log}",
    "not_in_index": "The package index does not have {name}. Check that the pip mirror (pip config "
    "list) is complete and the network works, then run again. Log: {log}",
    "wrong_hash": "{name} does not match its locked checksum and was not installed. Run pip cache "
    "purge and try again; if it stays, the mirror's file was altered: tell its administrator. "
    "Log: {log}",
    "pip_failed": "{name} could not be installed: {problem}. Log: {log}",
    "apt_failed": "apt could not install {packages}. Run as administrator: {command}",
    "system_missing": "System packages are missing: {packages}. Run as administrator: {command}",
    "no_office": "Until then doc, ppt, rtf, odt and odp files are marked as unsupported; all else "
    "works. Add them again once it is installed.",
    "without_office": "not installed",
    "skipped_tests": "The tests that need them are skipped.",
    "interrupted": "Stopped. Run again to go on from here.",
    "setup_done": "Set-up is complete. Run python3 -m app to start.",
    "os_error": "The system reports: {problem}. Put it right and run again; it goes on where it "
    "stopped.",
    "unexpected": "Something unexpected failed: {problem}. Run again to go on; if it stays, the "
    "details are in {log}",
    "bad_port": "KB_PORT is no port: {value}. Use a whole number from 0 to 65535.",
    "port_taken": "Port {port} is taken by another program. Choose one: python3 -m app --port "
    "{other}",
    "bad_host": "Cannot listen on address {host}: {problem}.",
    "already_running": "Zhiku is already running: {address}",
    "waiting_server": "waiting for the server",
    "server_failed": "The server did not start (exit code {code}); the reason stands above.",
    "ready": "Zhiku is ready: {address}   (Ctrl-C stops it)",
    "stopping": "Stopping …",
    "stopped": "Stopped.",
    "suite_step": "Check: {name}",
    "suite_ok": "Passed: {name} ({seconds})",
    "suite_failed": "Failed: {name} (exit code {code}, {seconds})",
    "suite_usage": "Set up all that the tests need and run every check and test; other arguments "
    "go "
    "to pytest.",
    "suite_full": "run the long tests too",
}


def language():
    # type: () -> str
    """Name the language: Chinese, unless ``KB_LANGUAGE=en`` or the terminal cannot show it."""
    if os.environ.get("KB_LANGUAGE") == "en":
        return "en"
    try:
        CHINESE["done"].encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return "en"
    return "zh"


def say(key, **params):
    # type: (str, object) -> str
    """Return the sentence ``key`` in the person's language."""
    sentences = ENGLISH if language() == "en" else CHINESE
    return sentences[key].format(**params)


def duration(seconds):
    # type: (float) -> str
    """Write a time span as a person says it."""
    whole = int(seconds)
    if whole < 60:
        return say("seconds", seconds=whole)
    return say("minutes", minutes=whole // 60, seconds=whole % 60)
