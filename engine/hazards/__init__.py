"""What in a plan may hurt: rules on its statements, and questions to the data.

Imports nothing by itself: whoever only shows hazards does without the rules.
"""
