"""How healthy data and model are: age, checks, back-test and limits, as tables and sentences."""
