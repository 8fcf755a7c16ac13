"""Facts for tests: those of a good clip, and any there can be."""

from hypothesis import strategies as st

from pipeline.ffmpeg.facts import Facts

GOOD = Facts(
    size=100_000,
    boxes=("moov", "mdat"),
    box_count=3,
    index_bytes=1000,
    streams=1,
    videos=1,
    codec="h264",
    profile="High",
    pixel_format="yuv420p",
    width=512,
    height=512,
    keyframe_first=True,
    announced=12,
    packets=12,
    coded=99_000,
    moments=12,
    span=1.5,
)

any_facts = st.builds(
    Facts,
    width=st.integers(0, 5000),
    height=st.integers(0, 5000),
    sample_aspect=st.tuples(st.integers(0, 500), st.integers(0, 500)),
    rotation=st.integers(-360, 360),
    packets=st.integers(0, 700),
    announced=st.integers(0, 700),
    moments=st.integers(0, 700),
    span=st.floats(-1e9, 1e9),
    delay=st.floats(0, 1e9),
    colour=st.tuples(*[st.integers(0, 255)] * 3),
    idle=st.integers(0, 1),
    size=st.integers(0, 100),
    coded=st.integers(0, 100),
    boxes=st.lists(st.text(max_size=4)).map(tuple),
    box_count=st.integers(0, 3000),
    index_bytes=st.integers(0, 10**6),
    streams=st.integers(0, 5),
    videos=st.integers(0, 3),
    codec=st.sampled_from(["h264", "png"]),
    pixel_format=st.sampled_from(["", "yuv420p"]),
)
