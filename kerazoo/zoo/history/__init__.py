"""The networks of 1943 to 1998, from threshold logic to LeNet-5."""
