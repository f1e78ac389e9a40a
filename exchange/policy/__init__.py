"""Who may do what, as rules that an auditor can read: Cedar policies, the facts they ask for, and the decision.

The rules stand in the `.cedar` files beside this one, each with its id, its source in law, its words and what would
change it; `model.cedarschema` says what a rule may ask. `facts` are plain values, `rulebook` loads and checks, decides,
and names the deciding rules. Nothing here reads a clock, a database or a name: whoever asks collects the facts.
"""
