"""Things that several themes show: sky and water, mountains, plants, clouds, stones, what falls.

A module here knows the shape of its thing and how light meets it; colours, place and motion are the scene's to
say. A means that depicts nothing belongs in `painting`; what only one theme shows, in that theme's folder.
"""
