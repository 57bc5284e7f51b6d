"""How many calls and how much time a burst of e-mails takes, against what the published limits allow."""
