from kb.models.progress import Meter, Progress


def test_what_was_there_before_counts_as_done_but_not_for_the_speed() -> None:
    reports: list[Progress] = []
    meter = Meter("m", "download", total=100, report=reports.append, have=40)
    assert reports == [Progress("m", "download", 40, 100, None)]
    meter.add(30)
    assert (reports[-1].done, reports[-1].total) == (70, 100)
    left = reports[-1].seconds_left
    assert left is not None and left >= 0
    meter.reach(400)
    assert (reports[-1].done, reports[-1].seconds_left) == (100, 0.0)
