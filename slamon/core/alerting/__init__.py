"""Who is told what, when and why: pure decisions over incidents, people and what was said before.

`facts` holds the nouns, `decision` the one question (is there a reason to speak now?), `chain` and `rota` who it
concerns, `grouping` which incidents are one cause, `planning` the messages that follow from all of it.
"""
