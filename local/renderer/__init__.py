"""Procedural video: seamless loops by theme, text and seed, for the fal emulator and for placeholders."""

from local.renderer.brief import Brief, brief_for
from local.renderer.catalogue import THEMES, theme_for
from local.renderer.clip import render_clip
from local.renderer.picture import frames
from local.renderer.sheet import sheet
from local.renderer.still import render_still
from local.renderer.theme import Theme

__all__ = ["THEMES", "Brief", "Theme", "brief_for", "frames", "render_clip", "render_still", "sheet", "theme_for"]
