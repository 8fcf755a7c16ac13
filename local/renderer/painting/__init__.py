"""Means of painting: noise, colour, blur, small lights, limbs with soft edges, sheets laid over a picture.

A module here turns numbers into light, cover or a field of either, and could serve any scene. What looks like
something (a cloud, a ridge, water) belongs in `scenery`; what only one theme needs, in that theme's folder.
"""
