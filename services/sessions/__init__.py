"""Sessions: started, filled with steps, and read through their door."""
