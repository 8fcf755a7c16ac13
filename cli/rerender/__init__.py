"""`storyreel rerender`, the third door: asks for further revisions of many videos, or takes them back."""
