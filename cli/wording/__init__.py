"""What commands say, and how what is given to them is read. Pure: no I/O, no clock."""
