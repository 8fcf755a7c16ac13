"""The themes, a folder each: `__init__` names its words and its two scenes, the rest is what they show."""
