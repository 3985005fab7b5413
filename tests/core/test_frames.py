"""Messages on a pipe arrive whole, however they are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.core.contracts import Beat, Finished, Log, LogLine, Outcome, Report, Started
from ostinato.core.frames import LONGEST, BrokenFrame, encode, report_frames
from ostinato.core.ids import Lease, RunId

ids = {"run": st.integers(1, 2**53), "attempt": st.integers(1, 99), "lease": st.integers(1, 2**53)}
times = st.floats(0, 4e9)
reports = st.one_of(
    st.builds(Started, **ids, at=times),
    st.builds(Beat, **ids, rows=st.none() | st.integers(0, 10**12)),
    st.builds(Log, **ids, lines=st.lists(st.builds(LogLine, at=times, text=st.text()), max_size=5)),
    st.builds(Finished, **ids, at=times, outcome=st.builds(Outcome, succeeded=st.booleans(), message=st.text())),
)


@given(st.lists(reports, max_size=8), st.integers(1, 50))
def test_what_is_sent_is_what_is_heard(sent: list[Report], piece: int) -> None:
    data = b"".join(encode(report) for report in sent)
    frames = report_frames()
    heard = [report for start in range(0, len(data), piece) for report in frames.feed(data[start : start + piece])]
    assert [encode(report) for report in heard] == [encode(report) for report in sent]


@pytest.mark.parametrize(
    "data",
    [
        (LONGEST + 1).to_bytes(4, "big"),
        b"\x00\x00\x00\x02\xc1\xc1",
        encode(Started(run=RunId(1), attempt=1, lease=Lease(1), at=0.0))[:4] + b"x" * 99,
    ],
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(BrokenFrame):
        list(report_frames().feed(data))
