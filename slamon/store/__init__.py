"""What slamon keeps: the ledger, the only truth about incidents and money, and the evidence in it."""
