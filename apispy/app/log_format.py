"""The format of what apispy says about itself: text for people, or --log json for programs.

It is one setting of the whole process, as standard error is: messages come from everywhere, also before there is a
session.
"""

is_json = False
