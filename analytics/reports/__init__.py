"""What is worth telling: conflicts, findings and the summary for those who were not there."""
