"""The bundled data: two organisations that sell to the same people and log their work in two systems.

All of it is invented and made anew from a number, so that the same number gives the same data.
"""
