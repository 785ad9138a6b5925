"""What a plan would do, shown or rehearsed, never applied.

Imports nothing by itself: whoever only shows a preview does without what makes one.
"""
