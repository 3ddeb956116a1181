"""With the network cut, files are taken in and questions are answered."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kb.settings import PROJECT

# The program runs in a network name space of its own that has a loopback interface and no other.
_PROGRAM = """
import fcntl, json, socket, struct, sys
from pathlib import Path

with socket.socket() as control:
    request = struct.pack("16sh", b"lo", 0x1 | 0x40)  # IFF_UP | IFF_RUNNING
    fcntl.ioctl(control, 0x8914, request)  # SIOCSIFFLAGS
try:
    socket.create_connection(("192.0.2.1", 80), timeout=2)
    sys.exit("the network is not cut")
except OSError:
    pass

from kb.settings import load_settings
from kb.workspace import Workspace

workspace = Workspace.open(load_settings())
workspace.create("制度")
base = workspace.knowledge_base("制度")
job = workspace.queue.wait(base.add([Path(path) for path in sys.argv[1:]]).job_id, timeout=300)
*_, answer = workspace.ask(["制度"], "出差的住宿费标准是每晚多少元？")
print(json.dumps({
    "counts": dict(job.counts),
    "answer": answer.answer,
    "model": answer.model,
    "document": answer.citations[0].hit.document,
}))
workspace.close()
"""


@pytest.mark.models
@pytest.mark.skipif(sys.platform != "linux", reason="network name spaces are Linux's")
def test_files_are_read_and_questions_answered_with_the_network_cut(
    own_home: Path, tmp_path: Path
) -> None:
    (tmp_path / "差旅.txt").write_text(
        "第一条 出差的住宿费标准为每晚380元。\n第二条 伙食补助为每天100元。", encoding="utf-8"
    )
    (tmp_path / "考勤.md").write_text("# 考勤\n\n上班时间为九点。", encoding="utf-8")
    (tmp_path / "食堂.html").write_text("<h1>食堂</h1><p>十一点半开饭。</p>", encoding="utf-8")
    files = sorted(tmp_path.glob("*.*"))
    done = subprocess.run(
        ["unshare", "--net", "--map-root-user", "--", sys.executable, "-c", _PROGRAM, *files],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["counts"] == {"ready": 3}
    assert "380" in result["answer"]
    assert result["model"] == "qwen2.5-coder-1.5b"
    assert result["document"] == "差旅.txt"
