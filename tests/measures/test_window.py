from perf_tui.measures.window import Rising, Times


def test_times_know_the_last_interval_and_the_window() -> None:
    times = Times(span=60.0)
    times.add(100.0)
    assert (len(times), times.interval, times.seconds) == (1, 0.0, 0.0)
    for at in (102.0, 104.0, 104.0, 103.0):
        times.add(at)
    assert (len(times), times.now, times.before, times.start) == (3, 104.0, 102.0, 100.0)
    assert (times.interval, times.seconds) == (2.0, 4.0)
    times.add(161.0)
    assert (times.start, times.seconds) == (102.0, 59.0), "100 lies before the window of 60 s"


def test_after_a_gap_longer_than_the_window_one_interval_remains() -> None:
    times = Times(span=60.0)
    for at in (0.0, 2.0, 500.0):
        times.add(at)
    assert (times.start, times.interval) == (2.0, 498.0)


def test_what_rose_since_any_reading() -> None:
    requests = Rising()
    requests.add(102.0, [5.0])
    requests.add(102.0, [1.0])  # a second series shown as the same one
    requests.add(110.0, [10.0])
    assert list(requests.total) == [16.0]
    assert requests.since(100.0) == (16.0,), "before the first increase it was 0"
    assert requests.since(102.0) == (10.0,)
    assert requests.since(109.0) == (10.0,), "nothing moved between 102 and 109"
    assert requests.since(110.0) == (0.0,)


def test_forgetting_keeps_what_the_window_still_needs() -> None:
    rising = Rising(2)
    for at in range(1, 11):
        rising.add(float(at), [1.0, 0.5])
    before = rising.since(6.0)
    rising.forget(6.0)
    assert rising.since(6.0) == before == (4.0, 2.0)
    assert rising.since(8.0) == (2.0, 1.0)
    assert len(rising._times) == len(rising._totals) == 5
