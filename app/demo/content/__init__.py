"""The demo world's people and cases. Names, companies and addresses are invented."""
