"""Sessions: started, filled with steps, resolved, and read through their door."""
